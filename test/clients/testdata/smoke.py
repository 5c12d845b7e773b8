"""Calls every operation that botocore's models of IAM, STS and Organizations have, and looks at the answers.

The argument is a file with JSON: the endpoint; the text of docs/COMPATIBILITY.md; and the worlds, of which each
has the name of a set of members ("required" or "all") and values that are given: the keys of two accounts and what
smoke_table.py calls $issuer, $token and so on.

In the world "required", calls are made with the members that the model requires and those that the table
gives; in the world "all", with all. Values that the table does not give are made from the model's shapes.

An operation that docs/COMPATIBILITY.md lists as built has to succeed; one that it lists as without something to
work on, to succeed or to answer one of the errors that the model documents for it. An answer has to parse and
to have every member that its shape has, but those that the table names as optional; those that the model
requires it has to have in any case. A member that no answer leaves out must not be named as optional.

What is wrong is printed, a line each. The exit status is 1 if something is.
"""

import base64
import collections
import hashlib
import hmac
import json
import re
import struct
import sys
import time

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from smoke_table import CALLS, OMITTED, OPTIONAL, VALUES

SERVICES = {"iam": "IAM", "sts": "STS", "organizations": "Organizations"}
MODELS = {name: botocore.session.get_session().get_service_model(name) for name in SERVICES}

# Errors that every operation of these services may answer.
#
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
COMMON = {"AccessDenied", "ValidationError"}

# How often a call is made until what it waits for has come about, and the seconds between.
PATIENCE, PAUSE = 100, 0.1


class Missing(Exception):
    """A value was to be saved by a call that failed."""


def not_offered(text):
    """Returns the operations that may be answered with a documented error, by service."""
    found = collections.defaultdict(set)
    for service, title in SERVICES.items():
        for names in re.findall(rf"^{title}, without .*, answered with empty lists and errors of AWS's \(\d+\): (.*)\.$", text, re.M):
            found[service].update(names.split(", "))
    return found


def code(seed, step):
    """Returns the code that an MFA device shows, a number of steps after now.

    Source: https://www.rfc-editor.org/rfc/rfc6238
    """
    digest = hmac.digest(base64.b32decode(seed), struct.pack(">Q", int(time.time()) // 30 + step), hashlib.sha1)
    at = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def lookup(value, path):
    """Returns what is at a path of names and numbers."""
    for name in path.split("."):
        value = value[int(name)] if name.isdigit() else value[name]
    return value


class World:
    """Accounts, clients, and what was saved of answers."""

    def __init__(self, setting, world, offered_not):
        self.name, self.endpoint, self.offered_not = world["name"], setting["endpoint"], offered_not
        self.saved = dict(world["values"], world=self.name)
        self.clients, self.keys = {}, {who: tuple(pair) for who, pair in world["keys"].items()}
        self.called = {service: set() for service in SERVICES}
        self.left_out = set()  # entries of OPTIONAL that answers made use of
        self.wrong = []

    def client(self, service, who):
        if who not in self.keys:
            raise Missing(f"the keys of {who}")
        if (service, who) not in self.clients:
            key, secret = self.keys[who]
            self.clients[service, who] = boto3.client(
                service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
                config=Config(retries={"total_max_attempts": 1}))
        return self.clients[service, who]

    def value(self, given):
        """Returns a value of the table with what was saved."""
        if isinstance(given, tuple):
            _, seed, step = given
            return code(self.value("$" + seed), step)
        if isinstance(given, dict):
            return {name: self.value(v) for name, v in given.items()}
        if isinstance(given, list):
            return [self.value(v) for v in given]
        if not isinstance(given, str):
            return given

        def put(match):
            if match[1] not in self.saved:
                raise Missing("$" + match[1])
            return self.saved[match[1]]

        return re.sub(r"\$([a-z]\w*)", put, given)

    def make(self, call, name, shape):
        """Returns a value of a member: the table's, or one made from the shape."""
        table = VALUES[call.service]
        for given in (f"{call.operation}.{name}", name):
            if given in table:
                return self.value(table[given])
        if shape.type_name == "structure":
            return self.members(call, shape)
        if shape.type_name == "list":
            return [self.make(call, "", shape.member)] * max(1, shape.metadata.get("min", 1))
        if shape.type_name == "map":
            return {self.make(call, "", shape.key): self.make(call, "", shape.value)}
        if shape.type_name == "string":
            return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
        return {
            "boolean": True, "integer": max(1, shape.metadata.get("min", 1)), "long": max(1, shape.metadata.get("min", 1)),
            "timestamp": 2_000_000_000, "blob": b"a",
        }[shape.type_name]

    def members(self, call, shape, given=None):
        """Returns the members of a structure that are sent in this world."""
        made = dict(given or {})
        for name, member in shape.members.items():
            wanted = name in shape.required_members or self.name == "all"
            if wanted and name not in made and not OMITTED & {name, f"{call.operation}.{name}", f"{shape.name}.{name}"}:
                made[name] = self.make(call, name, member)
        return made

    def run(self, call):
        """Makes a call and notes what is wrong with it."""
        if call.only not in (None, self.name):
            return
        self.called[call.service].add(call.operation)
        model = MODELS[call.service].operation_model(call.operation)
        try:
            given = {name: self.value(v) for name, v in call.values.items()}
            arguments = self.members(call, model.input_shape, given) if model.input_shape else {}
            client = self.client(call.service, call.by)
            answer = self.ask(client, call, model, arguments)
            if answer is not None:
                self.keep(call, answer)
                self.turn_pages(client, call, model, arguments, answer)
        except Missing as e:
            self.fault(call, f"needs {e}, which no answer gave")
        except ResponseParserError as e:
            self.fault(call, f"its answer cannot be read: {e}")
        except BotoCoreError as e:
            self.fault(call, f"cannot be sent: {e}")
        except (KeyError, IndexError) as e:
            self.fault(call, f"its answer lacks {e}, which is to be saved")

    def ask(self, client, call, model, arguments):
        """Calls and returns the answer that was waited for; None for an error that is an answer as well."""
        for left in range(PATIENCE if call.until else 1, 0, -1):
            try:
                answer = getattr(client, botocore.xform_name(call.operation))(**arguments)
            except ClientError as e:
                self.judge(call, model, e)
                if call.refused:
                    self.keep(call, e.response)
                return None
            self.check(call, model.output_shape, answer)
            if not call.until or lookup(answer, call.until[0]) == call.until[1]:
                return answer
            if left > 1:
                time.sleep(PAUSE)
        self.fault(call, f"{call.until[0]} is never {call.until[1]}")
        return answer

    def judge(self, call, model, e):
        """Notes an error that is none of the operation's answers."""
        error, status = e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]
        allowed = set(call.refused)
        documented = COMMON | {shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes}
        if call.operation in self.offered_not[call.service]:
            allowed |= documented
        if error not in allowed or not 400 <= status < 500:
            self.fault(call, f"is answered with {status} {error}: {e.response['Error'].get('Message')}")
        elif error not in documented:
            self.fault(call, f"is answered with {error}, which the model does not document for it")

    def check(self, call, shape, value, where="", stack=()):
        """Notes what an answer lacks."""
        if shape is None or shape.name in stack:
            return
        if shape.type_name == "structure":
            optional = OPTIONAL[call.service]
            for name, member in shape.members.items():
                if name in value:
                    self.check(call, member, value[name], f"{where}.{name}" if where else name, (*stack, shape.name))
                elif name not in shape.required_members and optional & {name, f"{shape.name}.{name}"}:
                    self.left_out |= {(call.service, entry) for entry in optional & {name, f"{shape.name}.{name}"}}
                else:
                    self.fault(call, f"its answer lacks {where}.{name} ({shape.name})".replace(" .", " "))
        elif shape.type_name == "list":
            for n, one in enumerate(value):
                self.check(call, shape.member, one, f"{where}.{n}", stack)

    def keep(self, call, answer):
        """Saves what later calls need."""
        for name, path in call.save.items():
            kept = lookup(answer, path)
            self.saved[name] = kept.decode() if isinstance(kept, bytes) else kept
        if call.login:
            self.keys[call.login] = answer["AccessKey"]["AccessKeyId"], answer["AccessKey"]["SecretAccessKey"]

    def turn_pages(self, client, call, model, arguments, answer):
        """Asks for the pages after the first, and notes one that comes twice."""
        seen = set()
        for token in ("Marker", "NextToken"):
            while model.input_shape and token in model.input_shape.members and answer.get(token):
                if answer[token] in seen:
                    return self.fault(call, f"gives the same {token} again")
                seen.add(answer[token])
                answer = self.ask(client, call, model, dict(arguments, **{token: answer[token]}))
                if answer is None:
                    return
            if answer.get("IsTruncated") and not answer.get(token) and token == "Marker":
                self.fault(call, "is truncated and has no Marker")

    def fault(self, call, text):
        fault = f"{self.name}: {call.service} {call.operation} {text}"
        if fault not in self.wrong:
            self.wrong.append(fault)

    def uncovered(self):
        """Notes operations that were not called."""
        for service, model in MODELS.items():
            for name in sorted(set(model.operation_names) - self.called[service]):
                self.wrong.append(f"{self.name}: {service} {name} is not called")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        setting = json.load(file)
    wrong, calls, left_out = [], 0, set()
    for given in setting["worlds"]:
        world = World(setting, given, not_offered(setting["compatibility"]))
        for call in CALLS:
            world.run(call)
        world.uncovered()
        wrong += world.wrong
        left_out |= world.left_out
        calls += sum(map(len, world.called.values()))
    for service, entry in sorted({(service, entry) for service in OPTIONAL for entry in OPTIONAL[service]} - left_out):
        wrong.append(f"{service} {entry} is in every answer, and need not be optional")
    print(f"{calls} operations called, {len(wrong)} faults")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
