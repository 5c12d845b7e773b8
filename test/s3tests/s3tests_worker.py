"""Plugin of pytest for s3-tests: what the suite leaves open about its surroundings.

Each worker gets the configuration that bears its name, in the folder S3TESTS_SETTINGS, so that workers
have accounts of their own: some tests look at everything that an account has.

A client that names no region is given one. The suite has such clients for IAM and STS; a signature
without region is refused, by AWS as well.

Its tests of IAM and STS are written for Ceph. Where a name there and on AWS differs, what clients send has
AWS's, and the answers that the tests compare have Ceph's; nothing that is permitted or refused changes:

- An ARN without account, arn:aws:iam:::role/NAME, is that of a user or role of Ceph that belongs to no account.
  It gets the account of [iam]; that of a session is one of STS then.
- The ID of an account is its canonical ID there, in the grants of an ACL.
- Issuers have http. AWS takes those with https only, and answers the URL of a provider without that.
- The issuer of Ceph's test bed, localhost:8080, is the one that the runner has started. A provider for it has the
  audience of the tokens, which Ceph does not ask for where a provider names no client.

The tests that share the bucket test1, which they do not remove, run one after the other. The test that
waits for a session to end begins first.
"""

import configparser
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

# What the suite writes, and what it means; the order counts.
_meanings = [
    ("arn:aws:iam:::assumed-role/", f"arn:aws:sts::{_account}:assumed-role/"),
    ("arn:aws:iam:::", f"arn:aws:iam::{_account}:"),
    ("localhost:8080/", f"{_issuer}/"),
]


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


def _ask(params, model, **_):
    """Translates what a client is about to send."""
    params = _translated(params)
    if model.name == "CreateOpenIDConnectProvider" and _issuer in params["Url"]:
        params["ClientIDList"] = params.get("ClientIDList") or [_setting["webidentity"]["aud"]]
    elif model.name == "CreateOpenIDConnectProvider":
        params["Url"] = params["Url"].replace("http://", "https://")
    elif model.name == "PutBucketAcl":
        for name in [name for name in params if name.startswith("Grant")]:
            params[name] = re.sub(r"(?<=^id=)\d{12}$", lambda found: _canonical[found[0]], params[name])
    return params


def _answer(parsed, model, **_):
    """Translates what the tests compare of an answer."""
    if model.name == "CreateRole" and "Role" in parsed:
        parsed["Role"]["Arn"] = parsed["Role"]["Arn"].replace(f"arn:aws:iam::{_account}:", "arn:aws:iam:::")
    elif model.name == "GetOpenIDConnectProvider" and "Url" in parsed:
        parsed["Url"] = "http://" + parsed["Url"]


boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("provide-client-params", _ask)
boto3.DEFAULT_SESSION.events.register("after-call.iam", _answer)


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
