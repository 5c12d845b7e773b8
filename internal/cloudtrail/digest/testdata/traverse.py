"""Has the AWS CLI's own code validate a chain of digest files that is given as JSON on the standard input.

It prints what the CLI finds, one line each: "valid KEY", "gap" or the CLI's message. Only the client of S3 is not the
CLI's: it hands out the objects that were given.
"""
import base64, io, json, sys

from botocore.exceptions import ClientError
from dateutil import parser
from awscli.customizations.cloudtrail import validation

given = json.load(sys.stdin)


class Pages:
    def paginate(self, Bucket, Marker, Prefix=""):
        self.found = sorted(k for k in given["objects"] if k > Marker and k.startswith(Prefix))
        return self

    def search(self, expression):
        return self.found


class Client:
    def get_paginator(self, name):
        return Pages()

    def get_object(self, Bucket, Key):
        o = given["objects"].get(Key)
        if o is None or Bucket != given["bucket"]:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "gone"}}, "GetObject")
        return {"Body": io.BytesIO(base64.b64decode(o["body"])), "Metadata": o["metadata"]}


class Clients:
    def get_client(self, bucket):
        return Client()


class CloudTrail:
    def list_public_keys(self, StartTime, EndTime):
        return {"PublicKeyList": [{"Fingerprint": given["fingerprint"], "Value": given["public"]}]}


def told(what):
    return lambda **kwargs: print(what, kwargs["message"] or "" if what == "invalid" else kwargs["last_key"])


traverser = validation.DigestTraverser(
    digest_provider=validation.DigestProvider(
        Clients(), given["account"], given["trail"], given["home"], given["region"], given["organization"] or None),
    starting_bucket=given["bucket"],
    starting_prefix=given["prefix"],
    public_key_provider=validation.PublicKeyProvider(CloudTrail()),
    on_invalid=told("invalid"), on_gap=told("gap"), on_missing=told("missing"),
)
traverse = getattr(traverser, "traverse_digests", None) or traverser.traverse
for digest in traverse(parser.parse(given["start"]), parser.parse(given["end"])):
    print("valid", digest["digestS3Object"], len(digest["logFiles"]))
