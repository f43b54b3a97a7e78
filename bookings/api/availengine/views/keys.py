"""API keys: made, listed and taken away by the owner, or by a program that may write."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency, selectors
from accounts import services as accounts
from bookings.api.availengine.dialect import Endpoint
from bookings.api.availengine.gate import Needs, Refusal
from bookings.api.availengine.render import key_json
from bookings.api.availengine.serializers.business import KeyRequest

OWNER = Needs(scope="write", role="owner")


class Keys(Endpoint):
    """/v1/manage/api-keys. The key itself is in the answer that made it, and never again."""

    needs = {"GET": OWNER, "POST": OWNER}

    def get(self, request: Request) -> Response:
        return self.page(selectors.keys(self.business), key_json, ordering=("-created_at", "id"))

    def post(self, request: Request) -> Response:
        wanted = self.read(KeyRequest)
        if self.caller.channel:
            for scope in wanted["scopes"]:
                if not self.caller.may(scope):
                    raise Refusal(
                        403, "missing_scope", f"This key lacks the scope “{scope}” itself."
                    )
        channel, key = accounts.issue_key(self.business, **wanted)
        shown = key_json(channel)
        del shown["last_used_at"]
        return Response(shown | {"key": key}, 201)

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 201  # the key is nowhere stored, so it can't be said again


class OneKey(Endpoint):
    """DELETE /v1/manage/api-keys/{key_id}: it opens nothing from then on."""

    needs = {"DELETE": OWNER}

    def delete(self, request: Request, key_id: str) -> Response:
        accounts.revoke_key(self.find(selectors.keys(self.business), key_id))
        return Response(status=204)
