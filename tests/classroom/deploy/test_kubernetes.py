"""Kubernetes: the values are what the chart takes, files agree on every name, and the hub gives each role what it should."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from traitlets.config import Config

from classroom.hub import people, roles
from classroom.sandbox import container
from tests.classroom.conftest import ROOT
from tests.classroom.deploy.chart import problems
from tests.classroom.deploy.conftest import require

HERE = ROOT / "classroom" / "deploy" / "kubernetes"
VALUES = yaml.safe_load((HERE / "values.yaml").read_text())
OBJECTS = [one for name in ("class", "gradebook", "grade") for one in yaml.safe_load_all((HERE / f"{name}.yaml").read_text())]
POD = {"class": HERE / "hub.py", "roles": ROOT / "classroom/hub/roles.py", "people": ROOT / "classroom/hub/people.py"}  # as --set-file does
README = (HERE.parent / "README.md").read_text()


def named(kind):
    return {one["metadata"].get("name", "grade"): one for one in OBJECTS if one["kind"] == kind}


def pods():
    """The pod of each Deployment, StatefulSet and Job."""
    return {name: one["spec"]["template"] for kind in ("Deployment", "StatefulSet", "Job") for name, one in named(kind).items()}


def walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def test_the_values_are_what_the_chart_takes():
    assert problems(VALUES) == []
    assert problems({**VALUES, "singelusr": {}}) == ["values has no singelusr"]
    files = VALUES["hub"]["extraFiles"]
    assert files.keys() == POD.keys() and all(f"hub.extraFiles.{key}.stringData={POD[key].relative_to(ROOT)}" in README for key in files)


def test_a_server_reaches_the_hub_and_ngshare_and_nothing_else():
    policy = VALUES["singleuser"]["networkPolicy"]
    rules = policy["egressAllowRules"]
    assert policy["enabled"] and not any(rules[name] for name in rules if not name.startswith("dns")) and len(rules) == 6
    (rule,) = policy["egress"]
    assert rule["to"] == [{"podSelector": {"matchLabels": named("Service")["ngshare"]["spec"]["selector"]}}]
    port = int(re.search(r"ngshare:(\d+)/services/ngshare$", VALUES["singleuser"]["extraEnv"]["CLASSROOM_NGSHARE"])[1])
    assert [port] == [one["port"] for one in rule["ports"]] == [one["port"] for one in named("Service")["ngshare"]["spec"]["ports"]]
    assert VALUES["hub"]["services"]["ngshare"]["url"] == f"http://ngshare:{port}"
    assert not VALUES["singleuser"]["cloudMetadata"]["blockWithIptables"]  # would be a privileged container


def test_names_agree():
    claims = {
        *named("PersistentVolumeClaim"),
        *(one["metadata"]["name"] for one in named("StatefulSet")["gradebook"]["spec"]["volumeClaimTemplates"]),
    }
    secrets = {"hub", *re.findall(r"kubectl -n rnn create secret generic (\S+)", README)}
    for name, pod in pods().items():
        text = pod["spec"]
        volumes = {one["name"] for one in text.get("volumes", [])} | claims
        for box in text["containers"]:
            assert {mount["name"] for mount in box["volumeMounts"]} <= volumes, name
        for part in walk(text):
            if isinstance(part, dict) and "secretKeyRef" in part:
                assert part["secretKeyRef"]["name"] in secrets, name
            if isinstance(part, dict) and "claimName" in part:
                assert part["claimName"] in claims, name
    for one in OBJECTS:
        assert one["metadata"].get("namespace", "rnn") == "rnn" and (one["kind"] == "Namespace") == ("namespace" not in one["metadata"])
    labels = [pod["metadata"]["labels"] for pod in pods().values()] + [{"rnn/gradebook": "client"}]
    for name, policy in named("NetworkPolicy").items():
        wanted = policy["spec"]["podSelector"]["matchLabels"].items()
        assert any(wanted <= known.items() for known in labels), name
    for name, service in named("Service").items():
        assert service["spec"]["selector"].items() <= pods()[name]["metadata"]["labels"].items()
    assert {"key": "hub.services.ngshare.apiToken", "name": "hub"} in list(walk(pods()["ngshare"]))
    assert "ngshare" in VALUES["hub"]["services"]


def test_pods_may_do_little():
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] and not spec["automountServiceAccountToken"]
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
        for box in spec["containers"]:
            context = box["securityContext"]
            assert context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] and {"cpu", "memory"} <= box["resources"]["limits"].keys()
            unmasked = context.get("procMount") == "Unmasked"
        confined = spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert (confined, unmasked, spec.get("hostUsers")) == ((True, False, None) if name != "grade" else (False, True, False))


def test_a_grading_job_reaches_the_gradebook_only():
    labels = pods()["grade"]["metadata"]["labels"]
    mine = [one["spec"] for one in named("NetworkPolicy").values() if one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
    assert any("Ingress" in one["policyTypes"] and one["ingress"] == [] for one in mine)
    ports = {port["port"] for one in mine for rule in one["egress"] for port in rule["ports"]}
    assert all("Egress" in one["policyTypes"] for one in mine) and ports == {5432, 53}
    command = pods()["grade"]["spec"]["containers"][0]["command"]
    assert command[:4] == ["python", "-m", "classroom", "grade"] and "--resume" in command


def test_images_agree():
    dockerfile = (ROOT / "Dockerfile").read_text()
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.M))
    assert container.IMAGE == "rnn-sandbox" and targets == {"rnn-sandbox", "course", "teacher", "ngshare"}
    used = {
        one
        for text in (HERE / name for name in ("values.yaml", "class.yaml", "grade.yaml"))
        for one in re.findall(r"registry\S+/rnn-([\w-]+)", text.read_text())
    }
    assert used == {"course", "ngshare", "teacher"} and all(f"--target {one} -t" in README for one in used)
    copied = [line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    shown = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in (source for line in copied for source in line):
        assert (ROOT / source).exists() and Path(source).parts[0] in shown, source
    student = dockerfile.split("AS course")[1].split("FROM")[0]
    assert not re.search(r"COPY.*(solutions|tests|\s\.\s|classroom-data)", student)  # a student's image has no answers
    sandbox = dockerfile.split("AS rnn-sandbox")[1].split("FROM")[0]
    assert sandbox.count("COPY") == 1 and "COPY requirements.txt" in sandbox  # and the sandbox's no course
    assert f"JUPYTERHUB={re.search(r'JupyterHub (5[.0-9]+[0-9])', (HERE / 'values.yaml').read_text())[1]}" in dockerfile


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The configuration as the hub's pod loads it, with the chart's own settings before it."""
    (tmp_path / "people.csv").write_text("username,role\nada,student\ntheo,teacher\n")
    monkeypatch.setattr(people, "PEOPLE", tmp_path / "people.csv")
    monkeypatch.setattr(sys, "path", list(sys.path))
    config = Config()
    exec(compile((HERE / "hub.py").read_text(), "hub.py", "exec"), {"get_config": lambda: config})
    return config


def spawner(name, kind=list):
    home = {"name": f"volume-{name}"}
    return SimpleNamespace(
        user=SimpleNamespace(name=name), environment=dict(VALUES["singleuser"]["extraEnv"]), extra_labels={"a": "b"}, notebook_dir="",
        volumes=[home] if kind is list else {"home": home}, volume_mounts=[home] if kind is list else {"home": home},
    )  # fmt: skip


def test_the_hubs_pod_needs_only_the_files_it_gets(tmp_path):
    for key, source in POD.items():
        if key != "class":
            place = tmp_path / VALUES["hub"]["extraFiles"][key]["mountPath"].removeprefix("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source.read_bytes())
    root = tmp_path / "srv" / "class"
    text = POD["class"].read_text().replace('"/srv/class"', repr(str(root)))
    text += "\nours = [name for name in sys.modules if name.startswith(('classroom', 'rnncore', 'nbgrader'))]"
    text += "\nprint(roles.__file__, people.PEOPLE, sorted(ours))"
    program = f"from traitlets.config import Config\nget_config = Config\nimport sys\nexec({text!r})"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    parts = ["classroom", "classroom.hub", "classroom.hub.people", "classroom.hub.roles"]
    assert done.stdout.strip() == f"{root}/classroom/hub/roles.py {root}/classroom-data/people.csv {parts}"


@pytest.mark.parametrize("kind", [list, dict])
def test_a_role_gets_its_server(hub, kind):
    assert hub.Authenticator.post_auth_hook is roles.admit
    ada, theo = spawner("ada", kind), spawner("theo", kind)
    for one in (ada, theo):
        hub.Spawner.pre_spawn_hook(one)
    assert ada.environment["JUPYTER_CONFIG_PATH"].split(":")[0] == str(ROOT / "classroom/hub/student")
    assert theo.environment["JUPYTER_CONFIG_PATH"].split(":")[0] == str(ROOT / "classroom/hub/teacher")
    assert "CLASSROOM_GRADEBOOK" not in ada.environment and ada.extra_labels == {"a": "b"} and len(ada.volumes) == 1
    assert theo.environment["CLASSROOM_GRADEBOOK"]["valueFrom"]["secretKeyRef"] == {"name": "rnn-gradebook", "key": "url"}
    assert theo.extra_labels.items() >= named("NetworkPolicy")["gradebook-client"]["spec"]["podSelector"]["matchLabels"].items()
    assert "rnn-class" in str(theo.volumes) and "/srv/class/classroom-data" in str(theo.volume_mounts) and len(theo.volumes) == 2
    # roles.py and people.py lie in the hub's pod as in the image, so that what they say of paths is true in both.
    mounts = {key: file["mountPath"] for key, file in VALUES["hub"]["extraFiles"].items()}
    assert all(mounts[key] == f"/srv/class/{POD[key].relative_to(ROOT)}" for key in ("roles", "people"))
    assert VALUES["hub"]["extraVolumeMounts"][0]["mountPath"] == "/srv/class/classroom-data"
    assert VALUES["hub"]["extraVolumes"][0]["secret"]["secretName"] in re.findall(r"create secret generic (\S+)", README)


@pytest.mark.parametrize(
    ("name", "profile", "image"), [("ada", "cpu", "course:1"), ("ada", "gpu", "course:1-gpu"), ("theo", "gpu", "teacher:1-gpu")]
)
def test_the_pod_that_the_spawner_makes(hub, monkeypatch, name, profile, image):
    """With KubeSpawner itself: what the chart sets, as its documentation says, and then ours."""
    require("kubespawner")
    from kubespawner import KubeSpawner

    for name_of_api in ("load_config", "shared_client"):  # a cluster, which is not called
        monkeypatch.setattr(f"kubespawner.spawner.{name_of_api}", lambda *_, **__: None)
    ours, single = hub.KubeSpawner, VALUES["singleuser"]
    assert all(KubeSpawner.class_traits(config=True).get(key) for key in ours)
    config = Config(KubeSpawner=dict(ours))
    config.KubeSpawner.update(
        image=f"{single['image']['name']}:{single['image']['tag']}",
        uid=single["uid"],
        fs_gid=single["fsGid"],
        allow_privilege_escalation=single["allowPrivilegeEscalation"],
        mem_limit=single["memory"]["limit"],
        cpu_limit=single["cpu"]["limit"],
        profile_list=single["profileList"],
        environment=single["extraEnv"],
    )
    user = SimpleNamespace(name=name, id=1, url="", escaped_name=name, server=None, settings={}, spawners={})
    one = KubeSpawner(_mock=True, config=config, user=user, hub=SimpleNamespace(public_host="", url="", api_url="", base_url="/hub/"))
    monkeypatch.setattr(one, "get_env", lambda: dict(one.environment))
    hub.Spawner.pre_spawn_hook(one)
    one.user_options = {"profile": profile}

    async def made():
        await one.load_user_options()
        return ours.modify_pod_hook(one, await one.get_pod_manifest())

    pod = asyncio.run(made())
    box = pod.spec.containers[0]
    assert box.image.endswith(f"/rnn-{image}") and pod.spec.automount_service_account_token is False
    assert box.security_context == {"runAsUser": 1000, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod.spec.security_context == {"fsGroup": 1000, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert ("nvidia.com/gpu" in box.resources.limits) == (profile == "gpu") and box.resources.limits["memory"]
    secret = [env for env in box.env if env.name == "CLASSROOM_GRADEBOOK"]
    assert bool(secret) == (name == "theo") and "rnn-gradebook" in str(secret or "rnn-gradebook")
