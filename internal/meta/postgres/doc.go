// Package postgres is the metadata engine for several servers: one table of a database that speaks PostgreSQL's protocol.
package postgres
