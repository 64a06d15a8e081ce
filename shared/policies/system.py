"""Names of Alibaba Cloud's own policies that are sure, and what those of a far reach would be found guilty of.

The names are those of RAM's page "Services that work with RAM"; there are more, and RAM alone knows all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.policies import rules
from shared.policies.findings import LintRule

_BOTH = """
ADAM ADB AHAS ALB AMQP ARMS ASM ActionTrail Adcp Advisor Alimail AnycastEIP ApiGateway BSS BSSCart BSSRenew BaaS Bailian BizWorks
CDN CDT CEN CQLoud CS Cassandra ClickHouse CloudMonitor CloudSSO CommonBandwidthPackage ComputeNestSupplier ComputeNestUser Config
ContainerRegistry DBS DCDN DG DMS DNS DRDS DTS DataWorks DirectMail ECD ECI ECS EDAS EDASApplication EDASResource EHPC EIP ESA ESS
Elasticsearch ElasticsearchServerless EMRDls EventBridge ExpressConnect FC FnF GPDB GWLB GlobalAcceleration Governance HBR HBase HDM
Hgw Hologres IOT Imagesearch Ipv6 KMS Kafka Kvstore Live Log LogicComposer MNS MQ MT MongoDB NAS NATGateway NLB NLS OOS OSS OSSImport
OTS OceanBase PaiPlugin Polardb PrivateLink PrivatelinkEndpoint PrivatelinkEndpointService PubDNS Pvtz Quotas RAM RDC RDS RDSGAD ROS
ResourceCenter ResourceDirectory ResourceSharing SFM SLB SelectDB ServiceCatalogAdmin ServiceCatalogEndUser SmartAccessGateway Stream
TracingAnalysis VOD VPC VPNGateway VpcPeer WebPlus YundunAegis YundunAntiDDoSPremium YundunBastionHost YundunCert YundunCloudFirewall
YundunDDos YundunGreenWeb YundunHigh YundunIdaas YundunSAS YundunSDDP YundunWAF YundunWAFv3
"""
"""Each with AliyunNAMEFullAccess and AliyunNAMEReadOnlyAccess."""

_OTHERS = """
AdministratorAccess PowerUserAccess ReadOnlyAccess AliyunADBDeveloperAccess AliyunBSSMyFreetierFullAccess AliyunBSSOrderAccess
AliyunBSSRefundAccess AliyunBeianFullAccess AliyunCloudMonitorMetricDataReadOnlyAccess AliyunCloudShellFullAccess
AliyunDRDSReadOnlyWithSQLLogArchiveAccess AliyunDataVFullAccess AliyunDevsFullAccess AliyunDomainFullAccess AliyunDomainReadonlyAccess
AliyunECDDesktopFullAccess AliyunECDOfficeSiteFullAccess AliyunECDPolicyGroupFullAccess AliyunECDRamUserAccess AliyunECDTagFullAccess
AliyunECDTechnicalSupportFullAccess AliyunECDUserFullAccess AliyunECSAssistantFullAccess AliyunECSAssistantReadonlyAccess
AliyunECSNetworkInterfaceManagementAccess AliyunEMRDevelopAccess AliyunEMRFlowAdmin AliyunEMRFullAccess
AliyunEventBridgePutEventsPolicy AliyunEventBridgeResourceCreatePolicy AliyunEventBridgeResourceDeletePolicy
AliyunEventBridgeResourceUpdatePolicy AliyunFCInvocationAccess AliyunHCSSGWFullAccess AliyunHDMReadOnlyWithSQLLogArchiveAccess
AliyunIOTConsoleCommonAccess AliyunKMSCryptoAdminAccess AliyunKMSCryptoUserAccess AliyunKMSSecretAdminAccess
AliyunKMSSecretUserAccess AliyunLogInvokeFCAccess AliyunLogPutOpenEventPolicy AliyunMQPubOnlyAccess AliyunMQSubOnlyAccess
AliyunMTSFullAccess AliyunMTSPlayerAuth AliyunMarketplaceFullAccess AliyunNLSSlpAccess AliyunNLSSpeechServiceAccess
AliyunOTSWriteOnlyAccess AliyunPolardbReadOnlyWithSQLLogArchiveAccess AliyunRDSReadOnlyWithSQLLogArchiveAccess
AliyunSTSAssumeRoleAccess AliyunSWASFullAccess AliyunSupportFullAccess AliyunTAGReadOnlyAccess AliyunTagAdministratorAccess
AliyunTagManagerAccess AliyunVODPlayAuth AliyunVODUploadAuth AliyunVPCNetworkIntelligenceReadOnlyAccess AliyunVPCPrefixListAccess
AliyunVPCPrefixListReadOnlyAccess AliyunYundunBastionHostAuditOnlyAccess AliyunYundunBastionHostOperateOnlyAccess
AliyunYundunFullAccess AliyunYundunGreenWebConsoleOnlyAccess AliyunYundunSDDPDataManager
"""

NAMES = frozenset(_OTHERS.split()) | {
    f"Aliyun{name}{access}Access" for name in _BOTH.split() for access in ("Full", "ReadOnly")
}
"""RAM compares them with case."""

_TAGS = (rules.TAG_INSTANCES, "it allows tagging every instance")
_RUNS = (rules.RUN_ANYWHERE, "it allows running commands on every instance")
_STARTS = (rules.OWN_FUNCTIONS, "it allows invoking every function, rolekeeper's own too")

REACH: Mapping[str, tuple[tuple[LintRule, str], ...]] = {
    "AdministratorAccess": ((rules.EVERYTHING, "it allows every action on every resource"),),
    "PowerUserAccess": ((rules.EVERYTHING, "it allows every action on every resource, but for RAM"),),
    "AliyunRAMFullAccess": ((rules.RAM_ALL, "it allows everything that RAM can do"),),
    "AliyunResourceDirectoryFullAccess": (
        (rules.ESCALATION, "it allows everything on the accounts of the organisation"),
    ),
    "AliyunSTSAssumeRoleAccess": ((rules.ASSUME_ANY, "it allows sts:AssumeRole on every role"),),
    "AliyunECSFullAccess": (_TAGS, _RUNS),
    "AliyunECSAssistantFullAccess": (_RUNS,),
    "AliyunOOSFullAccess": (_RUNS,),
    "AliyunFCFullAccess": (_STARTS,),
    "AliyunFCInvocationAccess": (_STARTS,),
    "AliyunTagAdministratorAccess": (_TAGS,),
    "AliyunTagManagerAccess": (_TAGS,),
}
"""Codes of what policies of this reach would be found guilty of, were their documents written here."""
