#!/bin/sh
# Runs the server with the three accounts and prints what to type in another terminal. `make run-logs` calls it from the
# root of the repository, with the data folder in $DATA. Log files come every few seconds here, and not every five minutes,
# and digest files every minute instead of every hour.
set -eu
. examples/serve.sh
serve logs-in-another-account 'aws s3api create-bucket --bucket shop-log-archive --object-lock-enabled-for-bucket --profile archive_admin' \
	--trail-interval 5s --digest-interval 1m
