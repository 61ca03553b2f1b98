"""The ground of the REST interface: who is calling (access), what may come in (formats, filters), how refusals look
(problems), effects once (views), the OpenAPI document (schema). Import from the modules: DRF's settings load them one
by one.
"""
