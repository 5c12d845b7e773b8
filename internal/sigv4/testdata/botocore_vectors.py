"""Writes botocore_vectors.json: requests as botocore signs and sends them.

Needs Python 3 and botocore, nothing else: no request leaves the machine. Run it in this directory.
Each vector has the request line, headers and body that would have been sent, to be verified at the
time in its x-amz-date, which is that of AWS's published test suite. Keys and secrets are those of
AWS's documentation.
"""

import base64
import datetime
import json
from urllib.parse import urlsplit

import botocore
import botocore.auth
import botocore.session
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////token+with/odd=characters=="
UNSIGNED = ("host", "user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "expect")
botocore.auth.get_current_datetime = lambda *_, **__: datetime.datetime(2015, 8, 30, 12, 36)
vectors = []


def add(name, service, method, url, headers, body):
    parts = urlsplit(url)
    text = lambda v: v.decode() if isinstance(v, bytes) else v
    vectors.append({
        "name": name, "service": service, "method": method, "path": parts.path, "query": parts.query,
        "host": text(headers.get("Host", parts.netloc)),
        "headers": {k: text(v) for k, v in headers.items() if k.lower() not in UNSIGNED},
        "body": base64.b64encode(body).decode(),
    })


def client(service, scheme="https", token=None, style="path", **config):
    session = botocore.session.Session()
    c = session.create_client(
        service, region_name="us-east-1", endpoint_url=f"{scheme}://{service}.example.com:9000",
        aws_access_key_id=KEY, aws_secret_access_key=SECRET, aws_session_token=token,
        config=Config(signature_version="s3v4" if service == "s3" else "v4",
                      s3={"addressing_style": style}, retries={"max_attempts": 0}, **config))
    sent = []

    def capture(request, **_):
        body = request.body
        if hasattr(body, "read"):
            body = body.read()
        sent.append((request.method, request.url, dict(request.headers), body or b""))
        return AWSResponse(request.url, 500, {}, None)

    c.meta.events.register("before-send", capture)

    def call(name, operation, **params):
        try:
            getattr(c, operation)(**params)
        except Exception:  # the answer is nonsense; only the request matters
            pass
        method, url, headers, body = sent.pop()
        add(name, service, method, url, headers, body.encode() if isinstance(body, str) else body)

    call.client = c
    return call


KEYS = ["plain", "a b", "a+b", "a//b", "//a", "a/../b", "./a", "../a", "a/.", "a/", "~tilde", "per%cent", "%20",
        "ünïcödé/日本語", "emoji-😀", "!*'()", "a=b&c=d", "q?x#y", "a:b@c$d,e;f", "\"<>\\^`{|}", "tab\there", "=&?", "a%2Fb"]

s3 = client("s3")
for key in KEYS:
    s3(f"s3 get {key!r}", "get_object", Bucket="bucket", Key=key)
    s3(f"s3 list {key!r}", "list_objects_v2", Bucket="bucket", Prefix=key, Delimiter="/", StartAfter="")
s3("s3 put trailer", "put_object", Bucket="bucket", Key="k", Body=b"content", Metadata={"a": "x   y ", "b": ""})
s3("s3 put empty", "put_object", Bucket="bucket", Key="k", Body=b"")
s3("s3 version", "get_object", Bucket="bucket", Key="k", VersionId="a+/=b", ResponseContentType="text/plain; a=b", Range="bytes=0-9")
s3("s3 delete objects", "delete_objects", Bucket="bucket", Delete={"Objects": [{"Key": "a"}]})
s3("s3 tagging", "put_object_tagging", Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
s3("s3 list buckets", "list_buckets")
client("s3", style="virtual")("s3 virtual host", "get_object", Bucket="bucket", Key="a b")
client("s3", scheme="http")("s3 put signed", "put_object", Bucket="bucket", Key="k", Body=b"content", ChecksumAlgorithm="SHA256")
client("s3", token=TOKEN)("s3 token", "put_object", Bucket="bucket", Key="k", Body=b"c", ACL="private")
client("iam")("iam create user", "create_user", UserName="ann", Path="/a b/+/", Tags=[{"Key": "ü", "Value": "~*"}])
client("sts", token=TOKEN)("sts caller", "get_caller_identity")
client("organizations")("organizations", "list_accounts", MaxResults=3)

for who in (client("s3"), client("s3", token=TOKEN)):
    for key in KEYS:
        url = who.client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": key, "VersionId": "v+1/2="}, ExpiresIn=60)
        add(f"presigned {key!r}", "s3", "GET", url, {}, b"")
url = s3.client.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "k", "ContentType": "text/plain", "ACL": "private"})
add("presigned put", "s3", "PUT", url, {"Content-Type": "text/plain", "X-Amz-Acl": "private"}, b"anything")
url = client("sts").client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
add("presigned sts", "sts", "GET", url, {}, b"")

# The inputs of the published test suite of Signature Version 4, and more of the same kind, for
# services that normalise the path. Raw URLs, signed without a client.
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
RAW = [("GET", t, {}) for t in ["/", "", "/?Param1=value1", "/?Param2=value2&Param1=value1", "/?Param1=value2&Param1=Value1",
        "/?Param1=", "/?a&b=&a=1", "/example/..", "/example1/example2/../..", "/./", "//", "//example//", "/./example", "/a/b/",
        "/a/./b/..", "/a/../../b", "/%20/", "/a%20b", "/a%2Fb", "/%E1%88%B4", "/~-._", "/?%E1%88%B4=bar", "/?a=%20b&a=%2B",
        "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=x", "/?z=%2F%3A%40"]]
RAW += [("GET", "/ሴ", {}), ("GET", "/example space/", {}), ("POST", "/", {}), ("POST", "/?Param1=value1", {}),
        ("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", {}),
        ("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", {}),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"})]
RAW += [("GET", "/", {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}), ("POST", "/", {"My-Header1": "VALUE1"}),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded; charset=utf8"})]
for method, target, headers in RAW:
    for auth in (SigV4Auth, SigV4QueryAuth):
        if auth is SigV4QueryAuth and "Content-Type" in headers:
            continue
        body = b"Param1=value1" if "Content-Type" in headers else b""
        request = AWSRequest(method=method, url="https://example.amazonaws.com" + target, headers=dict(headers), data=body)
        auth(CREDENTIALS, "service", "us-east-1").add_auth(request)
        add(f"raw {auth.__name__} {method} {target} {headers}", "service", method, request.url, dict(request.headers.items()), body)

with open("botocore_vectors.json", "w") as f:
    json.dump({"botocore": botocore.__version__, "vectors": vectors}, f, indent=1, ensure_ascii=True)
    f.write("\n")
