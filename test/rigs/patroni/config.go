package patroni

import (
	"bytes"
	"text/template"
)

// settings are what the configuration of a node is made from.
type settings struct {
	Name               string
	Folder, Programs   string
	REST, PG, EtcdPort int
	Password           string
	Strict             bool
}

// The configuration of a node. With it:
//
//   - A commit is acknowledged when it is on the disks of the primary and of the synchronous standby, and only a node that has all of that
//     becomes primary (synchronous_mode). With synchronous_mode_strict that also holds while there is no standby: then nothing is
//     acknowledged.
//   - A node that is dead is noticed when its key in etcd expires: at most ttl seconds after it was last renewed, which is every loop_wait.
//     loop_wait + 2 × retry_timeout must not be more than ttl.
//   - When only PostgreSQL has died the standby takes over at once, rather than after its recovery (primary_start_timeout).
//   - A node that was primary becomes a standby by itself: by pg_rewind or, where that fails, from a new copy.
//
// Source: https://patroni.readthedocs.io/en/rest_api.html, …/dynamic_configuration.html, …/replication_modes.html
var configuration = template.Must(template.New("patroni.yml").Parse(`scope: crossgrant
name: {{.Name}}
restapi:
  listen: 127.0.0.1:{{.REST}}
  connect_address: 127.0.0.1:{{.REST}}
etcd3:
  hosts: 127.0.0.1:{{.EtcdPort}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    maximum_lag_on_failover: 1048576
    primary_start_timeout: 0
    synchronous_mode: true
    synchronous_mode_strict: {{.Strict}}
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        wal_log_hints: "on"
        synchronous_commit: "on"
        max_connections: 200
        wal_keep_size: 256MB
        tcp_user_timeout: 10s
  initdb:
    - encoding: UTF8
    - locale: C
    - data-checksums
postgresql:
  listen: 127.0.0.1:{{.PG}}
  connect_address: 127.0.0.1:{{.PG}}
  data_dir: {{.Folder}}/{{.Name}}-data
  bin_dir: {{.Programs}}
  pgpass: {{.Folder}}/{{.Name}}-pgpass
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  parameters:
    unix_socket_directories: ""
  pg_hba:
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication replicator 127.0.0.1/32 scram-sha-256
  authentication:
    superuser:
      username: postgres
      password: {{.Password}}
    replication:
      username: replicator
      password: {{.Password}}
    rewind:
      username: rewinder
      password: {{.Password}}
watchdog:
  mode: "off"
`))

// text returns the configuration of a node.
func (s settings) text() (string, error) {
	var b bytes.Buffer
	err := configuration.Execute(&b, s)
	return b.String(), err
}
