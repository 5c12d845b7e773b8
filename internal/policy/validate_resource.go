package policy

// validateResource applies the rules that the policies of resources of all services share: who is
// named has the form of a principal, and actions and resources have theirs. A statement may lack a
// resource, as in a role's trust policy, and then is about the resource that the policy belongs to.
// What a service demands beyond that is not checked, because which one it is remains open.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
func (r *reader) validateResource() error {
	for i := range r.doc.Statements {
		s, w := &r.doc.Statements[i], &r.raws[i]
		for _, check := range []func(*Statement, *raw) error{
			checkPrincipalForms, r.checkLegacy, r.checkActionsPresent, r.checkResources, r.checkActions,
		} {
			if err := check(s, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPrincipalForms refuses principals that name nothing, and an Allow with NotPrincipal, which AWS
// advises against and no statement of a bucket may have.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func checkPrincipalForms(s *Statement, w *raw) error {
	if s.NotPrincipal && s.Effect == Allow {
		return refuse(w.at("NotPrincipal", 0), syntaxMessage, "NotPrincipal")
	}
	for _, n := range s.Principals.Names {
		if !validPrincipal(n) {
			return invalidPrincipal(Resource, n, w.json.pos)
		}
	}
	return nil
}
