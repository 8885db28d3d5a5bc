"""What the class adds to the hub of Zero to JupyterHub: who may log in, and each role's server. Loaded as a file of jupyterhub_config.d.

values.yaml puts it into the hub's pod with roles.py and people.py beside it, under /srv/class as in the course's image; so what roles.py
says of paths is true in both. The list of people is the secret rnn-people.
"""

import sys

sys.path.insert(0, "/srv/class")

from classroom.hub import people, roles

c = get_config()  # noqa: F821 (JupyterHub defines it)

c.Authenticator.allow_all = True  # whoever the authenticator vouches for, if the list of people has the name
c.Authenticator.post_auth_hook = roles.admit

# Nothing in a pod is root, can become root, or has a capability; and it talks to no cluster.
c.KubeSpawner.pod_security_context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
c.KubeSpawner.container_security_context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
c.KubeSpawner.automount_service_account_token = False


def equip(spawner):
    """A server of the person's role; a teacher's has the solutions, the class's folder and the gradebook's address."""
    roles.equip(spawner)
    if teaches(spawner):
        address = {"valueFrom": {"secretKeyRef": {"name": "rnn-gradebook", "key": "url"}}}
        spawner.environment = {**spawner.environment, "CLASSROOM_GRADEBOOK": address}
        spawner.extra_labels = {**spawner.extra_labels, "rnn/gradebook": "client"}
        spawner.volumes = added(spawner.volumes, {"name": "class", "persistentVolumeClaim": {"claimName": "rnn-class"}})
        spawner.volume_mounts = added(spawner.volume_mounts, {"name": "class", "mountPath": "/srv/class/classroom-data"})


def added(known, new):
    """A list with one more; the chart gives lists or dicts, by its version."""
    return {**known, new["name"]: new} if isinstance(known, dict) else [*known, new]


def teachers_image(spawner, pod):
    """Give a teacher's pod the image with the solutions, whatever profile was chosen."""
    if teaches(spawner):
        image = pod.spec.containers[0].image
        pod.spec.containers[0].image = image.replace("rnn-course", "rnn-teacher")
    return pod


def teaches(spawner):
    return people.read()[spawner.user.name].role == "teacher"


c.Spawner.pre_spawn_hook = equip
c.KubeSpawner.modify_pod_hook = teachers_image
