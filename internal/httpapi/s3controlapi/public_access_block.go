package s3controlapi

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// input is the input of the three operations.
type input struct {
	account ids.AccountID
	block   *records.PublicAccessBlock // PutPublicAccessBlock
}

// operation returns an operation on the settings of the caller's own account, which needs one permission.
func operation(name, action string, decode func(*httpapi.Call) (*records.PublicAccessBlock, error),
	run func(context.Context, *input) (*httpapi.Response, error)) httpapi.Operation {
	check := access.Check{Action: action, Resource: "*"}
	return httpapi.Row[input]{
		Name: name,
		Decode: func(c *httpapi.Call) (*input, error) {
			account, err := decodeAccount(c.HTTP)
			if err != nil {
				return nil, err
			}
			in := &input{account: account}
			if decode != nil {
				in.block, err = decode(c)
			}
			return in, err
		},
		Load:   func(_ context.Context, c *httpapi.Call, in *input) error { return ownAccount(c, in.account, check) },
		Checks: func(*httpapi.Call, *input) []access.Check { return []access.Check{check} },
		Run:    func(ctx context.Context, _ *httpapi.Call, in *input) (*httpapi.Response, error) { return run(ctx, in) },
	}.Operation()
}

// ownAccount refuses anonymous callers, and callers of another account than the one that the request is
// about: no policy can grant them this.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html (actions
// on an account have no resource, and so no policy of the resource's side)
func ownAccount(c *httpapi.Call, account ids.AccountID, check access.Check) error {
	c.Record.ResourceOwner = account
	if c.Caller.Kind != policy.Anonymous && c.Caller.Account == account {
		return nil
	}
	return c.Refuse(&check, authz.RequestItself, authz.AnotherAccount, apierr.AccessDenied("Access Denied"))
}

// publicAccessBlock is the body of PutPublicAccessBlock. A setting that is left out is off.
type publicAccessBlock struct {
	BlockPublicAcls       *bool `element:"BlockPublicAcls"`
	IgnorePublicAcls      *bool `element:"IgnorePublicAcls"`
	BlockPublicPolicy     *bool `element:"BlockPublicPolicy"`
	RestrictPublicBuckets *bool `element:"RestrictPublicBuckets"`
}

// decodePublicAccessBlock reads the body of PutPublicAccessBlock.
//
// Source: the answer to one without any setting was observed on AWS on 2024-05-30,
// https://github.com/localstack/localstack/blob/main/tests/aws/services/s3control/test_s3control.snapshot.json
func decodePublicAccessBlock(body []byte) (*records.PublicAccessBlock, error) {
	in := new(publicAccessBlock)
	if err := restxml.DecodeIn(namespace, body, "PublicAccessBlockConfiguration", in); err != nil {
		return nil, err
	}
	if *in == (publicAccessBlock{}) {
		return nil, invalidRequest("Must specify at least one configuration.")
	}
	on := func(setting *bool) bool { return setting != nil && *setting }
	return &records.PublicAccessBlock{
		BlockPublicAcls: on(in.BlockPublicAcls), IgnorePublicAcls: on(in.IgnorePublicAcls),
		BlockPublicPolicy: on(in.BlockPublicPolicy), RestrictPublicBuckets: on(in.RestrictPublicBuckets),
	}, nil
}

// putPublicAccessBlock is PutPublicAccessBlock of an account.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
func (s *Service) putPublicAccessBlock() httpapi.Operation {
	decode := func(c *httpapi.Call) (*records.PublicAccessBlock, error) {
		body, err := readBody(c)
		if err != nil {
			return nil, err
		}
		return decodePublicAccessBlock(body)
	}
	return operation("PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock", decode, func(ctx context.Context, in *input) (*httpapi.Response, error) {
		return &httpapi.Response{}, s.set(ctx, in.account, in.block)
	})
}

// deletePublicAccessBlock is DeletePublicAccessBlock of an account. One that has none has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_DeletePublicAccessBlock.html
func (s *Service) deletePublicAccessBlock() httpapi.Operation {
	return operation("DeletePublicAccessBlock", "s3:PutAccountPublicAccessBlock", nil, func(ctx context.Context, in *input) (*httpapi.Response, error) {
		return &httpapi.Response{Status: http.StatusNoContent}, s.set(ctx, in.account, nil)
	})
}

// set sets the public access block of an account, unless its organization does: then the account cannot change
// it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
func (s *Service) set(ctx context.Context, account ids.AccountID, block *records.PublicAccessBlock) error {
	_, set, err := s.buckets.AccountBlock(ctx, account)
	if err != nil {
		return err
	}
	if set {
		return apierr.AccessDenied("Access Denied")
	}
	return s.accounts.SetPublicAccessBlock(ctx, account, block)
}

// getPublicAccessBlock is GetPublicAccessBlock of an account: what is in effect for it, its organization's if
// that sets it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
func (s *Service) getPublicAccessBlock() httpapi.Operation {
	return operation("GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock", nil, func(ctx context.Context, in *input) (*httpapi.Response, error) {
		block, _, err := s.buckets.AccountBlock(ctx, in.account)
		if err != nil {
			return nil, err
		}
		if block == nil {
			return nil, apierr.New(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration",
				"The public access block configuration was not found").With("AccountId", string(in.account))
		}
		d := restxml.NewIn(namespace, "PublicAccessBlockConfiguration")
		d.Bool("BlockPublicAcls", block.BlockPublicAcls)
		d.Bool("IgnorePublicAcls", block.IgnorePublicAcls)
		d.Bool("BlockPublicPolicy", block.BlockPublicPolicy)
		d.Bool("RestrictPublicBuckets", block.RestrictPublicBuckets)
		return &httpapi.Response{Header: http.Header{"Content-Type": {restxml.ContentType}}, Body: d.Bytes()}, nil
	})
}
