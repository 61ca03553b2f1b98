#!/bin/sh
# A connector in curl: push what the ERP has, then hold what Dossier has against it, to the cent.
#
#     DOSSIER_URL=http://127.0.0.1:8000 DOSSIER_TOKEN=dsr_… examples/sync.sh FOLDER
#
# FOLDER holds what the ERP has written: customers.jsonl, sales.jsonl, orders.jsonl, invoices.jsonl and payments.jsonl,
# one item a line, as docs/erp.md describes them; a file that is not there is left out. Items go in calls of BATCH lines.
# The Idempotency-Key of a call is made of its content: a call that was cut off is sent again with the same key, and so is
# everything when the script was interrupted and is started again; nothing is taken twice.
#
# Exit code 0: everything was taken and the sums agree. 1: the server refused something, or a sum differs. Needs curl, awk,
# sed, split and sha256sum.
set -eu

URL=${DOSSIER_URL:?the address of Dossier, for example http://127.0.0.1:8000}
TOKEN=${DOSSIER_TOKEN:?a token with the scopes customers, sales, orders and receivables, each :write}
FOLDER=${1:?the folder with the files}
BATCH=${BATCH:-2000}
TRIES=${TRIES:-8}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# The token stands in a file that only we may read: arguments can be seen by everybody on the machine.
umask 077
printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" >"$work/curlrc"

say() { printf '%s\n' "$*" >&2; }

# ask METHOD PATH [FILE KEY]: the answer into $work/answer, its status into $status. Waits and asks again – with the same
# key – when the connection breaks and for 429, 500 and 502 to 504.
ask() {
    tried=0
    while :; do
        if [ $# -gt 2 ]; then
            status=$(curl --silent --config "$work/curlrc" --max-time 120 --output "$work/answer" --write-out '%{http_code}' \
                --request "$1" --header 'Content-Type: application/json' --header "Idempotency-Key: $4" \
                --data-binary "@$3" "$URL/api/v1/$2") || status=000
        else
            status=$(curl --silent --config "$work/curlrc" --max-time 120 --output "$work/answer" --write-out '%{http_code}' \
                --request "$1" "$URL/api/v1/$2") || status=000
        fi
        case $status in
            000 | 429 | 500 | 502 | 503 | 504) ;;
            *) return 0 ;;
        esac
        tried=$((tried + 1))
        if [ "$tried" -ge "$TRIES" ]; then
            say "No answer in $TRIES attempts (last: $status). Start this again to go on; nothing is doubled."
            exit 1
        fi
        sleep "$tried"
    done
}

# push NOUN: every batch of the file in one call.
push() {
    file=$FOLDER/$1.jsonl
    [ -s "$file" ] || return 0
    rm -f "$work"/batch.*
    grep -v '^[[:space:]]*$' "$file" | split -l "$BATCH" -a 6 - "$work/batch."
    for batch in "$work"/batch.*; do
        { printf '{"items":['; paste -s -d , "$batch"; printf ']}'; } >"$work/body"
        key=$1-$(sha256sum "$work/body" | cut -c 1-64)
        ask POST "$1/bulk/" "$work/body" "$key"
        if [ "$status" = 207 ]; then
            # The kept answer may be of an earlier run, when something was not there yet: once more, under another key.
            ask POST "$1/bulk/" "$work/body" "$key-$(date +%s)-$$"
        fi
        if [ "$status" != 200 ]; then
            say "$1: HTTP $status"
            sed 's/},{/},\n{/g' "$work/answer" | head -n 20 >&2
            printf '\n' >&2
            failed=1
        fi
    done
    say "$1: $(grep -c . "$file") sent"
}

# cents: the sum of the amounts on standard input, one a line, without rounding.
cents() { awk -F . '{ gsub(/"/, ""); minus = ($1 ~ /^-/) ? -1 : 1; sum += $1 * 100 + minus * substr($2 "00", 1, 2) }
    END { printf "%.0f\n", sum }'; }

# amounts NAME: every value of a field in the JSON on standard input.
amounts() { grep -o "\"$1\": *\"[^\"]*\"" | sed 's/.*: *"//; s/"$//'; }

# theirs NOUN: what Dossier has of it, all pages, added up.
theirs() {
    page="$1/?page_size=500"
    while [ -n "$page" ]; do
        ask GET "$page"
        [ "$status" = 200 ] || { say "$1: HTTP $status"; exit 1; }
        # Each record on a line of its own, and of each the amount alone.
        amounts amount <"$work/answer"
        page=$(sed -n 's/^{"next":"\([^"]*\)".*/\1/p' "$work/answer" | sed 's/.*\/api\/v1\///; s/\\u0026/\&/g')
    done | cents
}

# compare NOUN: the sum of what the ERP has beside the sum of what Dossier has.
compare() {
    [ -s "$FOLDER/$1.jsonl" ] || return 0
    ours=$(amounts amount <"$FOLDER/$1.jsonl" | cents)
    there=$(theirs "$1")
    if [ "$ours" = "$there" ]; then
        say "$1: $ours cents here and there"
    else
        say "$1: $ours cents here, $there cents there"
        failed=1
    fi
}

failed=0
for noun in customers sales orders invoices payments; do push "$noun"; done
for noun in sales orders invoices payments; do compare "$noun"; done
exit "$failed"
