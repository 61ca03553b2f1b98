"""The OpenAPI document: every operation also says how it refuses."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from crm.core.api.problems import CONTENT_TYPE
from crm.core.api.views import KEY_LENGTH, Idempotent


class FieldErrorSerializer(serializers.Serializer):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457, with a stable `code` and the request's id."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldErrorSerializer(many=True, required=False)


# JSON unless YAML is asked for, because everything reads JSON.
RENDERERS = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]
PROBLEM = OpenApiResponse(ProblemSerializer, description="Problem")


class Schema(AutoSchema):
    """Adds to every operation how it refuses, and the headers that it takes and sets."""

    def _get_response_bodies(self, direction="response"):
        """The refusals beside what the view names; here, because `extend_schema` replaces everything before."""
        bodies = super()._get_response_bodies(direction)
        for code in set(self._refusals()) - bodies.keys():
            bodies[code] = self._get_response_for_code(PROBLEM, code, [CONTENT_TYPE], direction)
        return dict(sorted(bodies.items()))

    def _refusals(self) -> list[str]:
        codes = ["400", "401", "403", "404", "406", "429"]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            codes += ["409", "411", "412", "413", "415", "422", "503"]
        return codes

    def _once(self) -> bool:
        return self.method == "POST" and isinstance(self.view, Idempotent)

    def get_override_parameters(self):
        told = [_header("X-Request-ID", response=True)]
        if self._once():
            told += [_key(required=self.view.key_required), _header("Idempotent-Replay", "true", response=True)]
        if self.method in ("PUT", "PATCH"):
            told += [_header("If-Match"), _header("ETag", response=["200", "201"])]
        return told


def _header(name: str, *values: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, enum=values or None, **more)


def _key(*, required: bool) -> OpenApiParameter:
    shape = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH}
    return OpenApiParameter("Idempotency-Key", shape, OpenApiParameter.HEADER, required=required)


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "crm.core.api.access.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "crm.core.api.access.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
