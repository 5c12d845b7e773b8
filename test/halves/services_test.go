package halves_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// askSTS decodes every authorization message, as the account that it was given to and as others.
func (w *world) askSTS(seen *findings) {
	decoded := 0
	for _, r := range w.requests {
		message := r.answer.header.Get("x-crossgrant-authorization-message")
		if !r.scan || message == "" {
			continue
		}
		for _, name := range []string{accountA, accountB, accountC, accountM} {
			if name != r.caller.account && decoded%every != 0 {
				continue
			}
			a := w.ask(seen, decoding, w.members[name].admin, query("sts", "DecodeAuthorizationMessage", "EncodedMessage", message), r)
			if a.ok() != (name == r.caller.account) {
				w.t.Errorf("%s decodes a message to %s: %d %s", name, r.caller.account, a.status, a.body)
			}
		}
		decoded++
	}
	w.t.Logf("%d authorization messages were decoded", decoded)
	for _, as := range w.principals() {
		w.ask(seen, ofSTS, as, query("sts", "GetCallerIdentity"), nil)
		for _, a := range w.members {
			w.ask(seen, ofSTS, as, query("sts", "GetAccessKeyInfo", "AccessKeyId", a.worker.id), nil)
		}
	}
}

// askAnalyzer makes analyzers, and has everybody ask all of them for everything.
func (w *world) askAnalyzer(seen *findings) {
	var analyzers, found, resources []string
	make := func(a *account, kind string) {
		name := w.marks.new(a.name, "analyzer")
		created := w.ask(seen, analysis, a.admin, analyzer(http.MethodPut, "/analyzer", map[string]any{
			"analyzerName": name, "type": kind, "tags": map[string]string{"team": w.marks.new(a.name, "tagvalue")},
		}), nil)
		if kind == "ORGANIZATION" && a.name != accountM {
			if created.ok() {
				w.t.Errorf("%s makes an analyzer of the organization", a.name)
			}
			return
		}
		if !created.ok() {
			w.t.Fatalf("make an analyzer: %d %s", created.status, created.body)
		}
		analyzers = append(analyzers, created.element("arn"))
	}
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		make(w.members[name], "ORGANIZATION")
		make(w.members[name], "ACCOUNT")
	}
	for _, a := range w.members {
		for _, bucket := range a.buckets {
			resources = append(resources, "arn:aws:s3:::"+bucket)
		}
		if a.role != "" {
			resources = append(resources, a.role)
		}
	}
	list := func(as *principal, target, arn string) *answer {
		return w.ask(seen, analysis, as, analyzer(http.MethodPost, target, map[string]any{"analyzerArn": arn}), nil)
	}
	for _, as := range append(w.administrators(), w.members[accountA].worker, w.members[accountB].plain) {
		w.ask(seen, analysis, as, analyzer(http.MethodGet, "/analyzer", nil), nil)
		for _, arn := range analyzers {
			for _, target := range []string{"/finding", "/findingv2", "/analyzed-resource", "/analyzer/findings/statistics"} {
				if a := list(as, target, arn); target == "/finding" && a.ok() {
					found = append(found, identifiers(a.body)...)
				}
			}
			w.ask(seen, analysis, as, analyzer(http.MethodGet, "/analyzer/"+arn[strings.LastIndexByte(arn, '/')+1:], nil), nil)
			w.ask(seen, analysis, as, analyzer(http.MethodGet, "/tags/"+url.PathEscape(arn), nil), nil)
		}
	}
	for n, as := range w.administrators() {
		for i, arn := range analyzers {
			in := "?analyzerArn=" + url.QueryEscape(arn)
			for j, id := range found {
				if as.kind == "admin" && strings.Contains(arn, w.members[as.account].id) || (i+j+n)%every == 0 {
					w.ask(seen, analysis, as, analyzer(http.MethodGet, "/finding/"+id+in, nil), nil)
					w.ask(seen, analysis, as, analyzer(http.MethodGet, "/findingv2/"+id+in, nil), nil)
				}
			}
			for j, resource := range resources {
				if as.kind != "admin" && (i+j+n)%every != 0 {
					continue
				}
				w.ask(seen, analysis, as, analyzer(http.MethodGet, "/analyzed-resource"+in+"&resourceArn="+url.QueryEscape(resource), nil), nil)
			}
		}
	}
	w.t.Logf("%d analyzers have %d findings", len(analyzers), len(found))
}

// identifiers returns the IDs of the findings in an answer.
func identifiers(body string) []string {
	var page struct{ Findings []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		return nil
	}
	var out []string
	for _, f := range page.Findings {
		out = append(out, f.ID)
	}
	return out
}

// askSimulator simulates the policies of everybody, as everybody who may.
func (w *world) askSimulator(seen *findings) {
	for _, as := range w.administrators() {
		for _, a := range w.members {
			for _, source := range []string{a.worker.arn, a.bounded.arn, a.plain.arn, a.role} {
				if source == "" {
					continue
				}
				w.ask(seen, simulation, as, query("iam", "GetContextKeysForPrincipalPolicy", "PolicySourceArn", source), nil)
				for _, bucket := range w.members[accountA].buckets {
					w.ask(seen, simulation, as, query("iam", "SimulatePrincipalPolicy", "PolicySourceArn", source, "ActionNames.member.1", "s3:GetObject", "ActionNames.member.2", "s3:PutObject",
						"ActionNames.member.3", "s3:GetObjectAcl", "ResourceArns.member.1", "arn:aws:s3:::"+bucket+"/x"), nil)
				}
			}
		}
		for _, a := range w.members {
			w.ask(seen, simulation, as, query("iam", "SimulateCustomPolicy", "PolicyInputList.member.1", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
				"ActionNames.member.1", "sts:AssumeRole", "ResourceArns.member.1", a.arn("iam", "role/x"), "CallerArn", a.worker.arn), nil)
		}
	}
}

// askAdvisor asks for what was used by what, as everybody who may, and for the jobs of others.
func (w *world) askAdvisor(seen *findings) {
	var jobs []string
	for _, as := range w.administrators() {
		for _, a := range w.members {
			for _, source := range []string{a.worker.arn, a.role, a.policy} {
				if source == "" {
					continue
				}
				made := w.ask(seen, advice, as, query("iam", "GenerateServiceLastAccessedDetails", "Arn", source, "Granularity", "ACTION_LEVEL"), nil)
				if made.ok() != (as.account == a.name && !strings.HasPrefix(as.kind, "session")) && as.kind != "session by "+as.account {
					w.t.Errorf("%s generates a report about %s: %d", as, source, made.status)
				}
				if job := made.element("JobId"); job != "" {
					jobs = append(jobs, job)
				}
				if source != a.policy {
					w.ask(seen, advice, as, query("iam", "ListPoliciesGrantingServiceAccess", "Arn", source, "ServiceNamespaces.member.1", "s3", "ServiceNamespaces.member.2", "sts"), nil)
				}
			}
		}
		made := w.ask(seen, advice, as, query("iam", "GenerateOrganizationsAccessReport", "EntityPath", "o-aaaaaaaaaa/r-aaaa"), nil)
		if job := made.element("JobId"); job != "" {
			jobs = append(jobs, job)
		}
	}
	for _, as := range w.administrators() {
		for _, job := range jobs {
			w.ask(seen, advice, as, query("iam", "GetServiceLastAccessedDetails", "JobId", job), nil)
			w.ask(seen, advice, as, query("iam", "GetServiceLastAccessedDetailsWithEntities", "JobId", job, "ServiceNamespace", "s3"), nil)
			w.ask(seen, advice, as, query("iam", "GetOrganizationsAccessReport", "JobId", job), nil)
		}
	}
}
