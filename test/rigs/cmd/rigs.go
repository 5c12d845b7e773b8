package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"crossgrant/test/rigs/ceph"
	"crossgrant/test/rigs/patroni"
	"crossgrant/test/rigs/postgres"
	"crossgrant/test/rigs/s3client"
	"crossgrant/test/rigs/store"
)

// described is the environment that tells of a service that speaks S3: CEPH_ENDPOINT and so on. CEPH_BLOBS is what --blobs takes.
func described(name, endpoint, bucket, id, secret string) []string {
	return []string{
		name + "_ENDPOINT=" + endpoint, name + "_ACCESS_KEY_ID=" + id, name + "_SECRET_ACCESS_KEY=" + secret,
		fmt.Sprintf("%s_BLOBS=s3://%s?endpoint=%s&region=%s", name, bucket, url.QueryEscape(endpoint), s3client.Region),
	}
}

// withoutPassword returns the URL of a database so that it can be an argument, which others see. The password is in PGPASSWORD then.
func withoutPassword(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	login, host, _ := strings.Cut(rest, "@")
	user, _, _ := strings.Cut(login, ":")
	return scheme + "://" + user + "@" + host
}

func startCeph(ctx context.Context, o options) (*rig, error) {
	c, err := ceph.Start(ctx, ceph.Options{Folder: o.folder, FirstPort: o.firstPort})
	if err != nil {
		return nil, err
	}
	return &rig{described("CEPH", c.Endpoint, c.Bucket, c.AccessKeyID, c.SecretAccessKey), c.Close}, nil
}

func startPostgres(ctx context.Context, o options) (*rig, error) {
	s, err := postgres.Start(ctx, postgres.Options{Folder: o.folder, Port: o.firstPort})
	if err != nil {
		return nil, err
	}
	return &rig{[]string{"POSTGRES_URL=" + withoutPassword(s.URL()), "POSTGRES_PASSWORD=" + s.Password()}, s.Close}, nil
}

func startPatroni(ctx context.Context, o options) (*rig, error) {
	c, err := patroni.Start(ctx, patroni.Options{Folder: o.folder, FirstPort: o.firstPort, Strict: true})
	if err != nil {
		return nil, err
	}
	return &rig{[]string{"PATRONI_URL=" + withoutPassword(c.URL()), "PATRONI_PASSWORD=" + c.Password()}, c.Close}, nil
}

func startStore(ctx context.Context, o options) (*rig, error) {
	s, err := store.Start(ctx, store.Options{Program: o.program, Folder: o.folder, Port: o.firstPort})
	if err != nil {
		return nil, err
	}
	return &rig{described("STORE", s.Endpoint, s.Bucket, s.AccessKeyID, s.SecretAccessKey), s.Close}, nil
}
