#!/bin/sh
# rgw.sh STORE|CEPH COMMAND...: runs COMMAND, which is a s3bench that starts a server, so that the server keeps its metadata in the
# PostgreSQL and its blobs in the store or the Ceph that `rigs` has started, and measures Ceph's gateway beside it.
#
# The column of CPU counts the process that answers, of either: not what PostgreSQL, the store and Ceph's OSD use.
set -eu
blobs=$1
shift
eval "CROSSGRANT_BLOBS=\$${blobs}_BLOBS AWS_ACCESS_KEY_ID=\$${blobs}_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=\$${blobs}_SECRET_ACCESS_KEY"
CROSSGRANT_META=$POSTGRES_URL
PGPASSWORD=$POSTGRES_PASSWORD
export CROSSGRANT_META CROSSGRANT_BLOBS PGPASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
exec "$@" --endpoint "ceph=$CEPH_ENDPOINT,$CEPH_ACCESS_KEY_ID,$CEPH_SECRET_ACCESS_KEY"
