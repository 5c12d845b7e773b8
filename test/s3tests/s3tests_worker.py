"""Plugin of pytest for s3-tests: what the suite leaves open about its surroundings.

Each worker gets the configuration that bears its name, in the folder S3TESTS_SETTINGS, so that workers
have accounts of their own: some tests look at everything that an account has.

A client that names no region is given one. The suite has such clients for IAM and STS; a signature
without region is refused, by AWS as well.

Its tests of IAM and STS are written for Ceph. Where a name there and on AWS differs, what clients send has
AWS's, and the answers that the tests compare have Ceph's; nothing that is permitted or refused changes:

- An ARN without account, arn:aws:iam:::role/NAME, is that of a user or role of Ceph that belongs to no account.
  It gets the account of [iam]; that of a session is one of STS then.
- The ID of an account is its canonical ID there, in the grants of an ACL. E-mail addresses, which AWS takes no more,
  are put as canonical IDs as well.
- Whoever may create buckets with a setting of object ownership needs s3:PutBucketOwnershipControls on AWS.
- Issuers have http. AWS takes those with https only, and answers the URL of a provider without that.
- The issuer of Ceph's test bed, localhost:8080, is the one that the runner has started. A provider for it has the
  audience of the tokens, which Ceph does not ask for where a provider names no client.
- A tag may have several values there, and has the first of them here. What a condition asks of the tags of buckets is
  s3:BucketTag on AWS, for buckets of which attribute-based access control is enabled.
- Of several values, as aws:TagKeys has, a condition asks with a set operator.
- Whether credentials came from GetSessionToken, sts:authentication, is whether aws:TokenIssueTime is there.
- A policy of a role may name a principal there, which says nothing; AWS refuses it.
- A user whom a role of another account trusts needs permission of its own account too: the tests that have such users
  give them none, and get sts:AssumeRole for them.
- PutBucketTagging is answered with 204 by AWS, with 200 by Ceph.

The tests that share the bucket test1, which they do not remove, run one after the other. The test that
waits for a session to end begins first.
"""

import configparser
import json
import os
import re

import boto3
import pytest

worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
os.environ["S3TEST_CONF"] = os.path.join(os.environ["S3TESTS_SETTINGS"], worker + ".conf")

_setting = configparser.RawConfigParser()
_setting.read(os.environ["S3TEST_CONF"])
_account = _setting["iam"]["account_id"]
_issuer = _setting["webidentity"]["issuer"]
_canonical = {_setting[name]["account_id"]: _setting[name]["canonical_id"] for name in ("iam root", "iam alt root")}
_canonical |= {_setting[name]["email"]: _setting[name]["canonical_id"] for name in ("iam root", "iam alt root")}

# What the suite writes, and what it means; the order counts.
_meanings = [
    ("arn:aws:iam:::assumed-role/", f"arn:aws:sts::{_account}:assumed-role/"),
    ("arn:aws:iam:::", f"arn:aws:iam::{_account}:"),
    ("localhost:8080/", f"{_issuer}/"),
]


# Of the test that runs: its marks, and the file that it is in.
_marks, _file = set(), ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Notes which test runs."""
    global _marks, _file
    _marks, _file = {mark.name for mark in item.iter_markers()}, item.path.name


def _translated(value):
    """Returns a parameter as AWS has it."""
    if isinstance(value, dict):
        return {name: _translated(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_translated(v) for v in value]
    if isinstance(value, str):
        for written, meant in _meanings:
            value = value.replace(written, meant)
    return value


def _document(text):
    """Returns a policy as AWS has it."""
    text = text.replace("s3:ResourceTag/", "s3:BucketTag/")
    try:
        document = json.loads(text)
    except ValueError:
        return text  # a test of malformed documents
    statements = document["Statement"] if isinstance(document.get("Statement"), list) else [document.get("Statement")]
    for statement in statements:
        conditions = statement.get("Condition", {}) if isinstance(statement, dict) else {}
        if "aws:TagKeys" in conditions.get("StringEquals", {}):
            conditions["ForAnyValue:StringEquals"] = conditions.pop("StringEquals")
        if conditions.get("BoolIfExists") == {"sts:authentication": "false"}:
            del conditions["BoolIfExists"]
            conditions["Null"] = {"aws:TokenIssueTime": "true"}
    return json.dumps(document)


def _without_principal(text):
    """Returns the policy of a role without principals."""
    document = json.loads(text)
    for statement in [document["Statement"]] if isinstance(document["Statement"], dict) else document["Statement"]:
        statement.pop("Principal", None)
    return json.dumps(document)


def _first_of_each(tags):
    """Returns tags with the first value of each key."""
    return [tag for i, tag in enumerate(tags) if tag["Key"] not in [before["Key"] for before in tags[:i]]]


def _ask(params, model, **_):
    """Translates what a client is about to send."""
    params = _translated(params)
    if model.name == "PutRolePolicy":
        params["PolicyDocument"] = params["PolicyDocument"].replace('"s3:CreateBucket", ', '"s3:CreateBucket", "s3:PutBucketOwnershipControls", ')
    if _file == "test_sts.py":
        _ask_sts(params, model)
    if model.name == "CreateOpenIDConnectProvider" and _issuer in params["Url"]:
        params["ClientIDList"] = params.get("ClientIDList") or [_setting["webidentity"]["aud"]]
    elif model.name == "CreateOpenIDConnectProvider":
        params["Url"] = params["Url"].replace("http://", "https://")
    elif model.name == "PutBucketAcl":
        for name in [name for name in params if name.startswith("Grant")]:
            params[name] = re.sub(r"^(?:id|emailAddress)=(\d{12}|.+@.+)$", lambda found: "id=" + _canonical[found[1]], params[name])
    return params


def _ask_sts(params, model):
    """Translates what only the tests of STS ask for."""
    for name in ("PolicyDocument", "AssumeRolePolicyDocument"):
        if name in params:
            params[name] = _document(params[name])
    if model.name == "PutRolePolicy":
        params["PolicyDocument"] = _without_principal(params["PolicyDocument"])
    elif model.name == "PutBucketTagging":
        params["Tagging"]["TagSet"] = _first_of_each(params["Tagging"]["TagSet"])
    elif model.name == "CreateRole" and "Tags" in params:
        params["Tags"] = _first_of_each(params["Tags"])
    elif model.name == "PutObject" and "Tagging" in params:
        pairs = [dict(zip(("Key", "Value"), pair.split("=", 1))) for pair in params["Tagging"].split("&")]
        params["Tagging"] = "&".join(f"{tag['Key']}={tag['Value']}" for tag in _first_of_each(pairs))


def _client(service, section):
    """Returns a client of a section's caller."""
    keys = _setting[section]
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=f"http://{_setting['DEFAULT']['host']}:{_setting['DEFAULT']['port']}",
        aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"],
    )


def _tagged(parsed, context, **_):
    """Enables attribute-based access control of a bucket once it has tags, for the tests of that."""
    if parsed["ResponseMetadata"]["HTTPStatusCode"] != 204:
        return
    if _file == "test_iam.py":
        parsed["ResponseMetadata"]["HTTPStatusCode"] = 200
    if "abac_test" in _marks:
        _client("s3", "iam").put_bucket_abac(Bucket=context["tagged_bucket"], AbacStatus={"Status": "Enabled"})


def _note_bucket(params, context, **_):
    """Remembers which bucket gets tags."""
    context["tagged_bucket"] = params["Bucket"]


def _made_key(parsed, **_):
    """Lets users assume roles of another account, in the tests that have such users."""
    if {"iam_cross_account", "iam_role"} <= _marks and "AccessKey" in parsed:
        _client("iam", "iam alt root").put_user_policy(
            UserName=parsed["AccessKey"]["UserName"], PolicyName="AssumeRole",
            PolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
            }),
        )


def _answer(parsed, model, **_):
    """Translates what the tests compare of an answer."""
    if model.name == "CreateRole" and "Role" in parsed:
        parsed["Role"]["Arn"] = parsed["Role"]["Arn"].replace(f"arn:aws:iam::{_account}:", "arn:aws:iam:::")
    elif model.name == "GetOpenIDConnectProvider" and "Url" in parsed:
        parsed["Url"] = "http://" + parsed["Url"]


boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("provide-client-params", _ask)
boto3.DEFAULT_SESSION.events.register("after-call.iam", _answer)
boto3.DEFAULT_SESSION.events.register("before-parameter-build.s3.PutBucketTagging", _note_bucket)
boto3.DEFAULT_SESSION.events.register("after-call.s3.PutBucketTagging", _tagged)
boto3.DEFAULT_SESSION.events.register("after-call.iam.CreateAccessKey", _made_key)


def _with_region(make):
    """Returns what makes a client, with a region if it has none."""

    def made(*args, **arguments):
        if arguments.get("region_name") == "":
            del arguments["region_name"]
        return make(*args, **arguments)

    return made


boto3.client = _with_region(boto3.client)
boto3.resource = _with_region(boto3.resource)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Says which tests run in order, and which begins first."""
    for item in items:
        if item.get_closest_marker("session_policy"):
            item.add_marker(pytest.mark.xdist_group("in-order"))
    items.sort(key=lambda item: item.originalname != "test_assume_role_creds_expiry")
