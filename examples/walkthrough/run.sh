#!/bin/sh
# Runs the server with the setting of the walkthrough and prints what to type in another terminal.
# `make run` calls it from the root of the repository, with the data folder in $DATA.
set -eu
. examples/serve.sh
serve walkthrough 'aws s3api put-bucket-acl --bucket awsseccookbook --access-control-policy file://resources/acl-write-another-account.json --profile awssecadmin'
