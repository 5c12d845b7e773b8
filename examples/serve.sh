# What the run.sh of the examples have in common. They are called from the root of the repository, by `make run`, with
# the data folder in $DATA, and read this file.
root=$(pwd)
case $DATA in
/*) data=$DATA ;;
*) data=$root/$DATA ;;
esac

# serve EXAMPLE FIRST FLAG… runs the server with the accounts of an example, and prints what to type in another terminal,
# with FIRST as the first command.
serve() {
	here=$root/examples/$1
	first=$2
	shift 2
	# The server says on its standard output when it is ready, so that nobody has to poll.
	pipes=$(mktemp -d)
	mkfifo "$pipes/ready"
	"$root/bin/crossgrant" serve --data "$data" --bootstrap "$here/accounts.yaml" "$@" >"$pipes/ready" &
	server=$!
	trap stop EXIT
	trap 'exit 0' INT TERM
	exec 3<"$pipes/ready"
	IFS= read -r ready <&3 || exit 1 # the server has said why it ended
	IFS= read -r console <&3 || exit 1
	"$root/bin/crossgrant" profiles --data "$data" --dir "$data/aws"
	tell
	wait "$server"
}

stop() {
	trap - INT TERM EXIT
	kill "$server" 2>/dev/null || true
	wait "$server" || true
	rm -rf "$pipes"
}

# tell prints what to type.
tell() {
	signin=
	case $console in
	*http*) signin=", where the access keys of $(quote "$data/aws/credentials") sign you in" ;;
	esac
	cat <<-END
	$ready
	$console$signin

	Now type in another terminal:

	export AWS_CONFIG_FILE=$(quote "$data/aws/config")
	export AWS_SHARED_CREDENTIALS_FILE=$(quote "$data/aws/credentials")
	END
	# Before 2.13 (and 1.29) the AWS CLI does not read the address of the server from its configuration.
	case $(aws --version 2>&1 || true) in
	aws-cli/2.[0-9].* | aws-cli/2.1[0-2].* | aws-cli/1.[0-9].* | aws-cli/1.1[0-9].* | aws-cli/1.2[0-8].*)
		echo "alias aws='aws --endpoint-url $(sed -n 's/^endpoint_url = //p' "$data/aws/config" | head -n 1)'"
		;;
	aws-cli/*) ;;
	*) echo "sudo apt-get install awscli" ;;
	esac
	cat <<-END
	cd $(quote "$here")
	$first

	README.md there has the rest. The server's log follows; Ctrl-C ends the server.

	END
}

# quote makes a word of a path that the shell would take apart.
quote() {
	case $1 in
	*[!A-Za-z0-9_./-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf %s "$1" ;;
	esac
}
