"""The hosts at which services are asked. Makes no call and imports no SDK.

In this order: ROLEKEEPER_ENDPOINTS; the maps of the SDKs and the published tables of endpoints, where they know the region; the
pattern that nearly all of them follow.
"""

from __future__ import annotations

from shared.settings import Service, Settings

CENTRAL = {
    "ecs": {
        "ecs.aliyuncs.com": (
            "cn-hangzhou-finance cn-north-2-gov-1 ap-northeast-2-pop cn-beijing-finance-pop cn-beijing-gov-1 cn-hongkong-finance-pop "
            "cn-shanghai-inner cn-shenzhen-inner cn-wuhan cn-yushanfang cn-zhangbei rus-west-1-pop"
        ),
        "ecs-cn-hangzhou.aliyuncs.com": (
            "cn-hangzhou cn-shanghai-finance-1 cn-shenzhen-finance-1 cn-beijing-nu16-b01 cn-fujian cn-haidian-cm12-c01 "
            "cn-hangzhou-bj-b01 cn-hangzhou-internal-prod-1 cn-hangzhou-internal-test-1 cn-hangzhou-internal-test-2 "
            "cn-hangzhou-internal-test-3 cn-hangzhou-test-306 cn-shanghai-et15-b01 cn-shanghai-et2-b01 "
            "cn-shanghai-internal-test-1 cn-shenzhen-st4-d01 cn-shenzhen-su18-b01 cn-zhangbei-na61-b01"
        ),
        "ecs.cn-qingdao-nebula.aliyuncs.com": "cn-edge-1 cn-huhehaote-nebula-1 cn-zhengzhou-nebula-1",
        "ecs.cn-zhangjiakou.aliyuncs.com": "cn-zhangjiakou-na62-a01",
        "ecs.cn-shenzhen-cloudstone.aliyuncs.com": "eu-west-1-oxs",
    },
    "sts": {
        "sts.aliyuncs.com": (
            "cn-hangzhou-finance cn-shenzhen-finance-1 ap-northeast-2-pop ap-south-1 ap-southeast-2 cn-beijing-finance-pop "
            "cn-beijing-gov-1 cn-beijing-nu16-b01 cn-edge-1 cn-fujian cn-haidian-cm12-c01 cn-hangzhou-bj-b01 "
            "cn-hangzhou-internal-prod-1 cn-hangzhou-internal-test-1 cn-hangzhou-internal-test-2 cn-hangzhou-internal-test-3 "
            "cn-hangzhou-test-306 cn-hongkong-finance-pop cn-huhehaote-nebula-1 cn-shanghai-et15-b01 cn-shanghai-et2-b01 "
            "cn-shanghai-inner cn-shanghai-internal-test-1 cn-shenzhen-inner cn-shenzhen-st4-d01 cn-shenzhen-su18-b01 cn-wuhan "
            "cn-yushanfang cn-zhangbei cn-zhangbei-na61-b01 cn-zhangjiakou-na62-a01 cn-zhengzhou-nebula-1 eu-west-1-oxs "
            "rus-west-1-pop"
        )
    },
}
"""Hosts for regions that have no SERVICE.REGION.aliyuncs.com of their own."""
FC3 = (
    "ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 ap-southeast-7 cn-beijing "
    "cn-chengdu cn-hangzhou cn-hongkong cn-huhehaote cn-qingdao cn-shanghai cn-shenzhen cn-wulanchabu cn-zhangjiakou eu-central-1 "
    "eu-west-1 us-east-1 us-west-1"
)
"""Regions where FC 3.0 has an endpoint of its own. It has one for each account in any region, as FC 2.0 has."""


def host(settings: Settings, service: Service, region: str) -> str:
    """HOST or HOST:PORT of a service for a region. settings.endpoint, the emulator's, goes before it: see clients.config()."""
    given = settings.endpoints
    named = given.get(f"{service}.{region}") or given.get(service, "")
    if named and ("{region}" in named or f"{service}.{region}" in given or region == _home(settings, service)):
        return named.replace("{region}", region)
    if service in ("ram", "ims"):
        return f"{service}.aliyuncs.com"  # one for all regions
    if service == "log":
        return f"{region}.log.aliyuncs.com"
    if service == "fc":
        own = f"{settings.account_id}.{region}.fc.aliyuncs.com"
        return f"fcv3.{region}.aliyuncs.com" if settings.fc_edition == "3.0" and region in FC3.split() else own
    central = (name for name, regions in CENTRAL[service].items() if region in regions.split())
    return next(central, f"{service}.{region}.aliyuncs.com")


def _home(settings: Settings, service: Service) -> str:
    """The region that a host without a region's name is of."""
    return (settings.sls_region if service == "log" else "") or settings.region
