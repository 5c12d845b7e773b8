package main

import (
	"crossgrant/internal/httpapi/crossgrantapi"
	"crossgrant/internal/httpapi/signinapi"
)

// apiModelCommand prints the models of the APIs that AWS has not.
type apiModelCommand struct {
	API string `arg:"" optional:"" help:"Which API: crossgrant, which explains requests, or signin, by which people sign in." enum:"crossgrant,signin" default:"crossgrant"`
}

// Run prints one.
func (c *apiModelCommand) Run(s streams) error {
	model := crossgrantapi.Model
	if c.API == "signin" {
		model = signinapi.Model
	}
	_, err := s.out.Write(model)
	return err
}
