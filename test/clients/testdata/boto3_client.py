"""Uses S3 with boto3 as its users do. Arguments: the endpoint, and the name of a bucket to make.

What it leaves in the bucket is looked at by boto3_test.go.
"""

import io
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1:]
# Without this, boto3 signs URLs in us-east-1 with Signature Version 2.
config = Config(signature_version="s3v4")
s3 = boto3.client("s3", endpoint_url=endpoint, config=config)


def expect(what, got, want):
    """Ends the program if got is not what is wanted."""
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


def refused(what, code, call, **arguments):
    """Calls what has to fail with an error code."""
    try:
        call(**arguments)
    except ClientError as e:
        expect(what, e.response["Error"]["Code"], code)
    else:
        sys.exit(f"{what}: it is not refused")


# Buckets and small objects.
s3.create_bucket(Bucket=bucket)
s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
for number in range(25):
    s3.put_object(Bucket=bucket, Key=f"numbers/{number % 5}/{number:02}", Body=str(number))
s3.put_object(Bucket=bucket, Key="typed", Body=b"<p>", ContentType="text/html", CacheControl="no-cache", Metadata={"colour": "grey"})
head = s3.head_object(Bucket=bucket, Key="typed")
expect("metadata", (head["ContentType"], head["CacheControl"], head["Metadata"]), ("text/html", "no-cache", {"colour": "grey"}))
expect("range", s3.get_object(Bucket=bucket, Key="numbers/2/22", Range="bytes=1-")["Body"].read(), b"2")
refused("a missing key", "NoSuchKey", s3.get_object, Bucket=bucket, Key="missing")
refused("a missing bucket", "NoSuchBucket", s3.list_objects_v2, Bucket=bucket + "-missing")

# Listings.
pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="numbers/", Delimiter="/", PaginationConfig={"PageSize": 2}))
expect("pages", len(pages), 3)
expect("prefixes", [p["Prefix"] for page in pages for p in page["CommonPrefixes"]], [f"numbers/{n}/" for n in range(5)])
keys = [o["Key"] for page in s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 7}) for o in page["Contents"]]
expect("keys", (len(keys), keys), (26, sorted(keys)))

# Transfers in parts.
large = bytes(number * 7 % 251 for number in range(251)) * 80_000
s3.upload_fileobj(io.BytesIO(large), bucket, "large", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
expect("parts", s3.head_object(Bucket=bucket, Key="large")["ETag"][-3:], '-4"')
back = io.BytesIO()
s3.download_fileobj(bucket, "large", back)
expect("large object", back.getvalue() == large, True)
boto3.resource("s3", endpoint_url=endpoint).Object(bucket, "copy").copy({"Bucket": bucket, "Key": "large"})

# Presigned URLs.
url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "typed", "ResponseContentType": "text/plain"})
with urllib.request.urlopen(url) as answer:
    expect("presigned GET", (answer.read(), answer.headers["Content-Type"]), (b"<p>", "text/plain"))
url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "presigned"})
urllib.request.urlopen(urllib.request.Request(url, data=b"by URL", method="PUT", headers={"Content-Type": ""})).close()
expect("presigned PUT", s3.get_object(Bucket=bucket, Key="presigned")["Body"].read(), b"by URL")

# Deletion.
refused("deletion of a full bucket", "BucketNotEmpty", s3.delete_bucket, Bucket=bucket)
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys if key.startswith("numbers/")]})
expect("deleted", (len(deleted["Deleted"]), deleted.get("Errors")), (25, None))
