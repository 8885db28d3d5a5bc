"""What the chart of Zero to JupyterHub takes: the names and types of its values, for what values.yaml sets and beside it.

In our own form, after jupyterhub/values.schema.yaml of github.com/jupyterhub/zero-to-jupyterhub-k8s. A dict takes these names and no
others, as the chart does; `OPEN` takes any, as what lies there is handed on to Kubernetes or JupyterHub.

    problems(values)     a sentence for each value that the chart would refuse
"""

OPEN = object()
TEXT, WHOLE, NUMBER, TRUTH, LIST = (str, type(None)), (int, type(None)), (int, float, type(None)), (bool, type(None)), list
LABELS = {"*": (str,)}
IMAGE = {"name": TEXT, "tag": TEXT, "pullPolicy": TEXT, "pullSecrets": LIST}
RULES = ("cloudMetadataServer", "dnsPortsCloudMetadataServer", "dnsPortsKubeSystemNamespace", "dnsPortsPrivateIPs")
POLICY = {
    "enabled": TRUTH, "ingress": LIST, "egress": LIST, "interNamespaceAccessLabels": TEXT, "allowedIngressPorts": LIST,
    "egressAllowRules": dict.fromkeys((*RULES, "nonPrivateIPs", "privateIPs"), TRUTH),
}  # fmt: skip
FILES = {"*": {"mountPath": (str,), "data": OPEN, "stringData": (str,), "binaryData": (str,), "mode": NUMBER}}
SCHEDULER = dict.fromkeys(
    ("image", "pdb", "nodeSelector", "tolerations", "labels", "annotations", "plugins", "pluginConfig", "resources", "extraPodSpec"), OPEN
) | {"enabled": TRUTH, "replicas": WHOLE, "logLevel": WHOLE}  # fmt: skip

CHART = {
    **dict.fromkeys(("fullnameOverride", "nameOverride"), TEXT),
    **dict.fromkeys(("imagePullSecret", "ingress", "prePuller", "custom", "global"), OPEN),
    "enabled": TRUTH, "imagePullSecrets": LIST, "debug": {"enabled": TRUTH}, "rbac": {"enabled": TRUTH, "create": TRUTH},
    "hub": {
        **dict.fromkeys(("config", "extraEnv", "extraConfig", "nodeSelector", "podSecurityContext", "containerSecurityContext"), OPEN),
        **dict.fromkeys(("services", "loadRoles", "templateVars", "extraPodSpec", "resources", "deploymentStrategy", "pdb"), OPEN),
        **dict.fromkeys(("livenessProbe", "readinessProbe", "lifecycle", "serviceAccount", "service"), OPEN),
        **dict.fromkeys(("command", "args", "initContainers", "tolerations", "extraContainers", "templatePaths"), LIST),
        **dict.fromkeys(("extraVolumes", "extraVolumeMounts"), LIST),
        **dict.fromkeys(("activeServerLimit", "concurrentSpawnLimit", "consecutiveFailureLimit", "namedServerLimitPerUser"), WHOLE),
        **dict.fromkeys(("allowNamedServers", "authenticatePrometheus", "redirectToServer", "shutdownOnLogout"), TRUTH),
        "revisionHistoryLimit": WHOLE, "baseUrl": TEXT, "cookieSecret": TEXT, "existingSecret": TEXT, "image": IMAGE,
        "networkPolicy": POLICY, "labels": LABELS, "annotations": LABELS, "extraFiles": FILES,
        "db": {"type": TEXT, "pvc": OPEN, "upgrade": TRUTH, "url": TEXT, "password": TEXT},
    },
    "proxy": {
        **dict.fromkeys(("chp", "service", "traefik", "deploymentStrategy", "secretSync"), OPEN),
        "secretToken": TEXT, "labels": LABELS, "annotations": LABELS,
        "https": {
            "enabled": TRUTH, "type": TEXT, "hosts": LIST, "letsencrypt": {"contactEmail": TEXT, "acmeServer": TEXT},
            "manual": {"key": TEXT, "cert": TEXT}, "secret": {"name": TEXT, "key": TEXT, "crt": TEXT},
        },
    },
    "singleuser": {
        **dict.fromkeys(("nodeSelector", "extraNodeAffinity", "extraPodAffinity", "extraPodAntiAffinity", "extraEnv"), OPEN),
        **dict.fromkeys(("extraPodConfig", "lifecycleHooks", "networkTools"), OPEN),
        **dict.fromkeys(("podNameTemplate", "defaultUrl", "serviceAccountName"), TEXT),
        **dict.fromkeys(("initContainers", "profileList", "extraTolerations", "extraContainers"), LIST),
        **dict.fromkeys(("fsGid", "uid", "startTimeout"), WHOLE), **dict.fromkeys(("events", "allowPrivilegeEscalation"), TRUTH),
        "networkPolicy": POLICY, "image": IMAGE, "extraFiles": FILES, "extraAnnotations": LABELS, "extraLabels": LABELS,
        "cpu": {"limit": NUMBER, "guarantee": NUMBER}, "memory": dict.fromkeys(("limit", "guarantee"), (*NUMBER, str)),
        "cloudMetadata": {"blockWithIptables": TRUTH, "ip": (str,)}, "cmd": (list, *TEXT),
        "extraResource": {"guarantees": OPEN, "limits": OPEN},
        "storage": {
            "type": TEXT, "capacity": TEXT, "homeMountPath": (str,), "extraLabels": LABELS, "extraVolumes": LIST, "extraVolumeMounts": LIST,
            "static": {"pvcName": TEXT, "subPath": TEXT},
            "dynamic": {"pvcNameTemplate": TEXT, "volumeNameTemplate": TEXT, "storageClass": TEXT, "storageAccessModes": LIST},
        },
    },
    "scheduling": {"userScheduler": SCHEDULER, **dict.fromkeys(("podPriority", "userPlaceholder", "corePods", "userPods"), OPEN)},
    "cull": {
        **dict.fromkeys(("enabled", "users", "adminUsers", "removeNamedServers"), TRUTH),
        **dict.fromkeys(("timeout", "every", "concurrency", "maxAge"), WHOLE),
    },
}  # fmt: skip


def problems(values, known=None, path="values"):
    """What the chart would refuse.

    >>> problems({"cull": {"timeot": 1}, "hub": {"baseUrl": 2}})
    ['values.cull has no timeot', 'values.hub.baseUrl is a int']
    """
    known = CHART if known is None else known
    if known is OPEN:
        return []
    if not isinstance(known, dict):
        kinds = known if isinstance(known, tuple) else (known,)
        wrong = not isinstance(values, kinds) or (isinstance(values, bool) and bool not in kinds)
        return [f"{path} is a {type(values).__name__}"] if wrong else []
    if not isinstance(values, dict):
        return [f"{path} is a {type(values).__name__}"]
    found = []
    for name, value in values.items():
        inner = known.get(name, known.get("*"))
        found += [f"{path} has no {name}"] if inner is None else problems(value, inner, f"{path}.{name}")
    return found
