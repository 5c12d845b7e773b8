#!/bin/sh
# Checks every file below deploy/ with the programs that will read it. What is checked, and what cannot be here, is in README.md.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
say() { echo "deploy: $*"; }

# systemd only warns about what it does not know, and then ends with 0.
say 'units of systemd'
root=$tmp/root
mkdir -p "$root/etc/systemd/system" "$root/usr/bin" "$root/usr/lib/systemd" "$root/usr/lib/sysusers.d"
cp systemd/*.service "$root/etc/systemd/system"
cp -r /usr/lib/systemd/system "$root/usr/lib/systemd"
printf '#!/bin/sh\n' >"$root/usr/bin/crossgrant"
chmod 0755 "$root/usr/bin/crossgrant"
warnings=$(systemd-analyze verify --man=no --root="$root" crossgrant.service crossgrant@a.service 2>&1)
[ -z "$warnings" ] || { echo "$warnings" >&2; exit 1; }
systemd-analyze security --offline=true --threshold=15 systemd/crossgrant.service systemd/crossgrant@.service >"$tmp/security" ||
	{ cat "$tmp/security" >&2; exit 1; }
grep 'Overall exposure' "$tmp/security"
cp systemd/crossgrant.sysusers "$root/usr/lib/sysusers.d/crossgrant.conf"
systemd-sysusers --root="$root"
grep -q '^crossgrant:.*:/var/lib/crossgrant:' "$root/etc/passwd" || { echo 'systemd-sysusers made no user crossgrant' >&2; exit 1; }
# The template differs from the unit in names and folders only.
sed -e 's/crossgrant %i,/crossgrant,/' -e '/^EnvironmentFile=.*%i/d' -e 's|/%i$||' -e '/^#/d' systemd/crossgrant@.service >"$tmp/template"
sed '/^#/d' systemd/crossgrant.service | diff - "$tmp/template" || { echo 'the two units differ' >&2; exit 1; }

say 'the balancer'
haproxy -c -q -f compose/haproxy.cfg

say 'settings of PostgreSQL'
for bin in /usr/lib/postgresql/*/bin; do :; done # the newest
mkdir "$tmp/pg"
# It does not run as root, and reads a data folder's version before its settings.
as=
[ "$(id -u)" != 0 ] || as='setpriv --reuid nobody --regid nogroup --clear-groups'
basename "$(dirname "$bin")" >"$tmp/pg/PG_VERSION"
: >"$tmp/pg/postgresql.auto.conf"
cp compose/postgresql.conf "$tmp/pg/compose.conf"
awk '/^      parameters:/ {on = 1; next} on && !/^        / {on = 0} on && !/#/ {sub(/: /, " = "); gsub(/"/, "\047"); sub(/^ +/, ""); print}' patroni/patroni.yml >"$tmp/pg/patroni.conf"
chmod 0755 "$tmp" && chmod -R a+rX "$tmp/pg"
for settings in compose patroni; do
	[ "$(grep -c ' = ' "$tmp/pg/$settings.conf")" -gt 20 ] || { echo "$settings: there are no settings" >&2; exit 1; }
	# It reads all of them, and ends if it does not know one or its value.
	$as "$bin/postgres" -C max_connections -D "$tmp/pg" -c config_file="$tmp/pg/$settings.conf" >/dev/null
done

say 'alert rules'
promtool check config prometheus/prometheus.yaml
promtool test rules prometheus/rules_test.yaml prometheus/rules_days_test.yaml

say 'chart, Compose file, Dockerfile, Patroni'
cd test
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt: $unformatted" >&2; exit 1; }
"${GO:-go}" vet ./...
"${GO:-go}" test -count 1 ./...
