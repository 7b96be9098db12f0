"""``/v1/admin``: what the people who run a shop look at and decide; the dashboard asks nothing else."""

from fastapi import APIRouter

from service.api.admin import activity, catalogue, engagement, jobs, overview, releases, signals, traffic

router = APIRouter()
for _module in (overview, traffic, activity, engagement, signals, catalogue, releases, jobs):
    router.include_router(_module.router)
