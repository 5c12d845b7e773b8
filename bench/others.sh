#!/bin/sh
# others.sh: runs MinIO, versitygw and SeaweedFS on this machine, to measure beside. It finds the programs, minio,
# versitygw and weed, in the folder $OTHERS (bin/others) or in the path; how to install them is for their own
# documentation to say. They run on loopback addresses from port $OTHERS_PORT (9600) on.
#
#	others.sh start FOLDER [NAME...]  starts those that are there, or those named, with their data in FOLDER, and
#	                                  prints an argument for s3bench for each:
#	                                  NAME=URL,KEY,SECRET,pid=PID,data=FOLDER
#	others.sh stop FOLDER             ends them
#	others.sh with COMMAND...         starts those that are there, with temporary data, runs COMMAND with
#	                                  --endpoint ARGUMENT for each, and ends them
#
# Each runs with the settings that it has by itself, which sync differently: MinIO syncs every object, versitygw and
# SeaweedFS none. The flags below name folders and ports, and keep logs small. But versitygw keeps connections open,
# because opening one for each request would cost it, and the load generator, more than the request. Temporary data lies in $OTHERS_DATA (the folder for temporary files).
set -eu

programs=${OTHERS:-bin/others}
port=${OTHERS_PORT:-9600}
key=benchbenchbench
secret=benchbenchbenchbenchbench

fail() {
	echo "others.sh: $*" >&2
	exit 1
}

# absolute FOLDER: makes a folder and prints its path from the root.
absolute() {
	mkdir -p "$1" && (cd "$1" && pwd)
}

# program NAME: prints the path of a program, or fails.
program() {
	PATH=$programs:$PATH command -v "$1"
}

# there: prints which programs are there.
there() {
	for name in minio versitygw weed; do
		! program "$name" >/dev/null || echo "$name"
	done
}

# answers PORT: waits until a server answers there.
answers() {
	tries=0
	until curl -s -o "$folder/answer" "http://127.0.0.1:$1/"; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || fail "nothing answers at port $1; see $folder/*.log"
		sleep 0.2
	done
}

# run NAME COMMAND...: runs a server in the background.
run() {
	name=$1
	shift
	"$@" >"$folder/$name.log" 2>&1 </dev/null &
	echo $! >"$folder/$name.pid"
}

start_minio() {
	run minio env MINIO_ROOT_USER="$key" MINIO_ROOT_PASSWORD="$secret" MINIO_BROWSER=off MINIO_UPDATE=off MINIO_CI_CD=on \
		"$(program minio)" server --quiet --address "127.0.0.1:$1" "$2"
}

# versitygw writes a line for each request unless it is told to be quiet; the others write none.
start_versitygw() {
	run versitygw "$(program versitygw)" --quiet --keep-alive --access "$key" --secret "$secret" --port "127.0.0.1:$1" posix "$2"
}

start_weed() {
	cat >"$folder/weed.json" <<EOF
{"identities": [{"name": "bench", "credentials": [{"accessKey": "$key", "secretKey": "$secret"}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
EOF
	run weed "$(program weed)" server -dir "$2" -ip 127.0.0.1 -ip.bind 127.0.0.1 -master.port $(($1 + 1)) -volume.port $(($1 + 2)) \
		-volume.max 100 -filer -filer.port $(($1 + 3)) -s3 -s3.port "$1" -s3.config "$folder/weed.json" -s3.port.iceberg 0 -master.telemetry=false
}

start() {
	[ $# -ge 1 ] || fail "start FOLDER [NAME...]"
	folder=$(absolute "$1")
	shift
	# shellcheck disable=SC2046 # a list of words
	[ $# -gt 0 ] || set -- $(there)
	[ $# -gt 0 ] || fail "none of minio, versitygw and weed is in $programs or in the path"
	for name in "$@"; do
		program "$name" >/dev/null || fail "$name is neither in $programs nor in the path"
		mkdir -p "$folder/$name"
		"start_$name" "$port" "$folder/$name"
		answers "$port"
		echo "$name=http://127.0.0.1:$port,$key,$secret,pid=$(cat "$folder/$name.pid"),data=$folder/$name"
		port=$((port + 10))
	done
}

# stop ends what was started, by the IDs of the processes.
stop() {
	[ $# -eq 1 ] || fail "stop FOLDER"
	for file in "$1"/*.pid; do
		[ -f "$file" ] || continue
		id=$(cat "$file")
		kill "$id" 2>/dev/null || true
		tries=0
		while kill -0 "$id" 2>/dev/null; do
			tries=$((tries + 1))
			[ "$tries" -lt 50 ] || kill -9 "$id" 2>/dev/null || true
			sleep 0.2
		done
		rm -f "$file"
	done
}

with() {
	[ $# -gt 0 ] || fail "with COMMAND..."
	data=$(mktemp -d "${OTHERS_DATA:-${TMPDIR:-/tmp}}/others-XXXXXX")
	finish() {
		trap - EXIT INT TERM
		stop "$data"
		rm -rf "$data"
	}
	trap finish EXIT
	trap 'exit 1' INT TERM
	start "$data" >"$data/endpoints"
	while read -r endpoint; do
		set -- "$@" --endpoint "$endpoint"
	done <"$data/endpoints"
	"$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
start | stop | with) "$command" "$@" ;;
*) fail "start, stop or with; see the head of this file" ;;
esac
