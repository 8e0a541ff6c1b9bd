#!/bin/sh
# A shop with curl alone: a session, an event, its prompts, over the gateway.
#
#     KEY=... GATEWAY=http://127.0.0.1:8090 sh examples/gateway.sh
#
# KEY is one of the gateway's GOESWITH_GATEWAY_KEYS; it stays on the server. A prompt comes once
# goeswith has seen a few baskets: run examples/producer.py first.
set -eu
gateway=${GATEWAY:-http://127.0.0.1:8090}
session=${SESSION:-visit-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')} # nobody can guess it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ask() { curl --silent --show-error --fail-with-body --max-time 30 "$@"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; } # the last string of this name
send() { # what makes its id this event's own, its other fields, perhaps a query
    printf '{"event_id":"%s-%s","occurred_at_ms":%s000,%s}' "$session" "$1" "$(date +%s)" "$2" |
        ask "$gateway/v1/events${3:-}" --data-binary @- \
            --header @"$work/token" --header "Content-Type: application/json"
}

# 1. Your server, with its key: a token for this visit. The page has it, and never the key. Both are
# told in files of ours: what stands in a command everybody on this machine can read.
bearer() { printf 'Authorization: Bearer %s\n' "$2" > "$work/$1"; }
bearer key "$KEY"
printf '{"session_id":"%s"}' "$session" |
    ask "$gateway/v1/sessions" --header @"$work/key" --data-binary @- > "$work/session"
token=$(field token < "$work/session") # not in one pipe with it: that would end well without one
bearer token "$token"

# 2. Something happened. Answered when Kafka has it; `wait_ms`: with the prompts that it causes.
send 1 '"type":"item_added","item_id":"bread"' "?wait_ms=2000" > "$work/answer"
cat "$work/answer"; echo

# 3. What may be shown now, as for a page that the server makes.
ask "$gateway/v1/prompts" --header @"$work/token" > "$work/prompts"
cat "$work/prompts"; echo

# 4. The same, and what comes later, as a stream: `event: prompt`, `event: prompt_withdrawn`.
curl --silent --no-buffer --max-time 2 "$gateway/v1/prompts/stream" --header @"$work/token" ||
    [ $? = 28 ]

# 5. It was shown: say so, with its receipt, or nothing is learned.
receipt=$(field receipt < "$work/prompts")
send 2 "\"type\":\"prompt_shown\",\"receipt\":\"$receipt\""; echo
