package main

import "crossgrant/internal/httpapi/crossgrantapi"

// apiModelCommand prints the model of the API by which accounts ask why.
type apiModelCommand struct{}

// Run prints it.
func (apiModelCommand) Run(s streams) error {
	_, err := s.out.Write(crossgrantapi.Model)
	return err
}
