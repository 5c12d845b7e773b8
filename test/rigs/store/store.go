// Package store runs a crossgrant server with embedded engines as the S3 service that keeps the blobs of other servers.
package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crossgrant/test/rigs/s3client"
	"crossgrant/test/servertest"
)

// Options say what runs, and where.
type Options struct {
	Program string // crossgrant
	Folder  string // in which it makes a folder of its own; empty for that of temporary files
	Port    int    // 0 for a free one
}

// Store is a server that runs.
type Store struct {
	Endpoint                     string // http://127.0.0.1:PORT
	AccessKeyID, SecretAccessKey string // of the root user of an account
	Bucket                       string // one that is there, empty

	folder string
	server *servertest.Server
}

// Start starts a server with an account and a bucket.
func Start(ctx context.Context, o Options) (*Store, error) {
	folder, err := os.MkdirTemp(o.Folder, "store-")
	if err != nil {
		return nil, err
	}
	s := &Store{folder: folder, Bucket: "blobs", server: &servertest.Server{
		Program: o.Program, Data: filepath.Join(folder, "data"), Address: fmt.Sprintf("127.0.0.1:%d", o.Port), Log: filepath.Join(folder, "log"),
	}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.server.Start(); err != nil {
		return err
	}
	account, err := s.server.CreateAccount(ctx, "blobs")
	if err != nil {
		return err
	}
	s.Endpoint, s.AccessKeyID, s.SecretAccessKey = "http://"+s.server.Address, account.AccessKeyID, account.SecretAccessKey
	return s3client.Try(ctx, s3client.New(s.Endpoint, s.AccessKeyID, s.SecretAccessKey), s.Bucket)
}

// URL is what --blobs takes. The keys are to be in the environment.
func (s *Store) URL() string {
	return fmt.Sprintf("s3://%s?endpoint=%s&region=%s", s.Bucket, s.Endpoint, s3client.Region)
}

// PID returns the ID of the server's process.
func (s *Store) PID() int { return s.server.PID() }

// Close ends the server and removes what it has kept.
func (s *Store) Close() error {
	var err error
	if s.server.Running() {
		err = s.server.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}
