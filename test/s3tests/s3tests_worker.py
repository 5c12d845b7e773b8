"""Plugin of pytest for s3-tests: what the suite leaves open about its surroundings.

Each worker gets the configuration that bears its name, in the folder S3TESTS_SETTINGS, so that workers
have accounts of their own: some tests look at everything that an account has.

A client that names no region is given one. The suite has such clients for IAM and STS; a signature
without region is refused, by AWS as well.
"""

import os

import boto3

worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
os.environ["S3TEST_CONF"] = os.path.join(os.environ["S3TESTS_SETTINGS"], worker + ".conf")

_client = boto3.client


def client(*args, **arguments):
    if arguments.get("region_name") == "":
        del arguments["region_name"]
    return _client(*args, **arguments)


boto3.client = client
