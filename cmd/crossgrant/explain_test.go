package main

import (
	"reflect"
	"testing"

	"crossgrant/internal/questions"
)

func TestContextValues(t *testing.T) {
	t.Parallel()
	got, err := contextValues([]string{"aws:TagKeys=a", "s3:prefix=x=y", "aws:tagkeys=b", "aws:Referer="})
	want := []questions.Value{{Key: "aws:TagKeys", Values: []string{"a", "b"}}, {Key: "s3:prefix", Values: []string{"x=y"}}, {Key: "aws:Referer", Values: []string{""}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "aws:SourceIp", "=x"} {
		if _, err := contextValues([]string{bad}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestExplainUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"explain"}, {"explain", "--as", "anonymous"}, {"explain", "--action", "s3:GetObject"}} {
		if status, _, stderr := crossgrant(t, args...); status != exitUsage {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
}
