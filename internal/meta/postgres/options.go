package postgres

import (
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options are what Open may be told. The zero value is what a server uses.
type Options struct {
	// Timeout bounds each round trip, and is how long after it was sent a commit may still become visible. 0: ten seconds.
	Timeout time.Duration
	// Trip, if it is not nil, is called for each round trip that a caller waits for, when its answer begins, on the goroutine
	// of the caller. Those that set a connection up or tidy it up are none.
	Trip func()
	// Dial, if it is not nil, makes the connections.
	Dial pgconn.DialFunc
}

const (
	defaultTimeout = 10 * time.Second
	connectTimeout = 5 * time.Second
)

// CheckURL returns an error that says what is wrong with the address of a database; it asks nobody.
func CheckURL(url string) error {
	_, err := Options{}.config(url)
	return err
}

// config returns the configuration of the pool for url, which pgx reads: a URL or a list of name=value. What comes out of it
// for passwords stays in it: pgx leaves them out of its errors.
func (o Options) config(url string) (*pgxpool.Config, error) {
	plain, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: the address of the database: %w", err)
	}
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: the address of the database: %w", err)
	}
	if _, told := plain.RuntimeParams["pool_max_conns"]; !told {
		c.MaxConns = int32(max(16, 8*runtime.NumCPU()))
	}
	conn := c.ConnConfig
	if conn.ConnectTimeout <= 0 {
		conn.ConnectTimeout = connectTimeout
	}
	// What a standby answers may be old, so that none is asked, whatever the URL says.
	conn.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	conn.RuntimeParams["statement_timeout"] = strconv.FormatInt(o.timeout().Milliseconds(), 10)
	conn.RuntimeParams["default_transaction_isolation"] = "serializable"
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "crossgrant"
	}
	if o.Dial != nil {
		conn.DialFunc = o.Dial
	}
	return c, nil
}

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return defaultTimeout
}
