"""What can be booked: resources, when they are out of use, and services."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from bookings import selectors, services
from bookings.api.availengine.dialect import Endpoint
from bookings.api.availengine.gate import Needs, Refusal
from bookings.api.availengine.render import (
    block_json,
    capacity_max,
    managed_service_json,
    resource_json,
)
from bookings.api.availengine.serializers.catalogue import (
    BlockRequest,
    ResourceRequest,
    ServiceRequest,
)
from bookings.assignment import natural_key
from resources import selectors as resources
from resources import services as catalogue
from resources.models import Resource, Service


class Resources(Endpoint):
    """/v1/manage/resources, in the order in which they are offered."""

    def get(self, request: Request) -> Response:
        return self.page_of(
            resources.resources(self.business),
            resource_json,
            values=lambda each: (each.display_order, each.name, str(each.pk)),
            rank=lambda order, name, id_: (int(order), natural_key(name), str(id_)),
        )

    def post(self, request: Request) -> Response:
        wanted = in_our_words(self.read(ResourceRequest))
        return Response(resource_json(catalogue.add_resource(self.business, **wanted)), 201)


def in_our_words(wanted: dict[str, Any], resource: Resource | None = None) -> dict[str, Any]:
    """A resource's `capacity_max`, which is of all its units, as that of one; sent back as it was
    shown, it changes nothing."""
    most = wanted.pop("capacity_max", None)
    units = wanted.get("units", resource.units if resource else 1)
    if most is None or (resource and (most, units) == (capacity_max(resource), resource.units)):
        return wanted
    return wanted | {"covers_max": -(-most // units)}


class OneResource(Endpoint):
    """/v1/manage/resources/{resource_id}; staff may take it in and out of use, no more."""

    needs = {"PATCH": Needs(scope="write", role="staff")}

    def _found(self, resource_id: str) -> Resource:
        return self.find(resources.resources(self.business), resource_id)

    def get(self, request: Request, resource_id: str) -> Response:
        return Response(resource_json(self._found(resource_id)))

    def patch(self, request: Request, resource_id: str) -> Response:
        asked = self.read(ResourceRequest, partial=True)
        found = self._found(resource_id)
        wanted = in_our_words(asked, found)
        if self.caller.role == "staff" and wanted.keys() - {"is_active"}:
            raise Refusal(
                403, "insufficient_permissions", "The role “staff” may only change is_active."
            )
        return Response(resource_json(catalogue.change_resource(found, **wanted)))

    def delete(self, request: Request, resource_id: str) -> Response:
        catalogue.remove_resource(self._found(resource_id), now=self.now)
        return Response(status=204)


class Blocks(Endpoint):
    """/v1/manage/resources/{resource_id}/blocks: when it is out of use; ours."""

    needs = {"POST": Needs(scope="write", role="staff")}

    def get(self, request: Request, resource_id: str) -> Response:
        found = self.find(resources.resources(self.business), resource_id)
        return self.page(selectors.blocks(found), block_json, ordering=("starts_at", "id"))

    def post(self, request: Request, resource_id: str) -> Response:
        asked = self.read(BlockRequest)
        found = self.find(resources.resources(self.business), resource_id)
        made = services.block(
            found,
            **asked,
            by=self.caller.actor,
            user=self.caller.user,
            now=self.now,
        )
        return Response(block_json(made), 201)


class OneBlock(Endpoint):
    """/v1/manage/resources/{resource_id}/blocks/{block_id}"""

    needs = {"DELETE": Needs(scope="write", role="staff")}

    def delete(self, request: Request, resource_id: str, block_id: str) -> Response:
        found = self.find(resources.resources(self.business), resource_id)
        block = self.find(selectors.blocks(found), block_id)
        services.unblock(block, by=self.caller.actor, now=self.now)
        return Response(status=204)


class Services(Endpoint):
    """/v1/manage/services; ours."""

    def get(self, request: Request) -> Response:
        return self.page(
            resources.services(self.business),
            lambda each: managed_service_json(each, self.business),
            ordering=("display_order", "name", "id"),
        )

    def post(self, request: Request) -> Response:
        made = catalogue.add_service(self.business, **self.read(ServiceRequest))
        return Response(managed_service_json(made, self.business), 201)


class OneService(Endpoint):
    """/v1/manage/services/{service_id}"""

    def _found(self, service_id: str) -> Service:
        return self.find(resources.services(self.business), service_id)

    def get(self, request: Request, service_id: str) -> Response:
        return Response(managed_service_json(self._found(service_id), self.business))

    def patch(self, request: Request, service_id: str) -> Response:
        wanted = self.read(ServiceRequest, partial=True)
        changed = catalogue.change_service(self._found(service_id), **wanted)
        return Response(managed_service_json(changed, self.business))

    def delete(self, request: Request, service_id: str) -> Response:
        catalogue.remove_service(self._found(service_id))
        return Response(status=204)
