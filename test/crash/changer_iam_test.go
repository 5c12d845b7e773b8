package crash_test

import (
	"fmt"
	"strings"
)

// trust is a trust policy that nobody can use, and permission one that allows little; %s is a name.
const (
	trust      = `{"Version":"2012-10-17","Id":"%s","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	permission = `{"Version":"2012-10-17","Id":"%s","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}`
)

// identity makes a change of IAM.
func (c *changer) identity(action string, parameters ...string) (*answer, error) {
	a, err := c.api.query(action, parameters...)
	return a, c.managed(a, err, action)
}

// create makes something of IAM with a new name, which it adds to a list, unless there are many.
func (c *changer) create(list *[]string, action, parameter, kind string, more ...string) error {
	if len(*list) > 30 {
		return nil
	}
	name := c.fresh(kind)
	_, err := c.identity(action, append([]string{parameter, name}, more...)...)
	if err == nil {
		*list = append(*list, name)
	}
	return err
}

// remove removes one of a list.
func (c *changer) remove(list *[]string, action, parameter string) error {
	name := c.take(list, 3)
	if name == "" {
		return nil
	}
	_, err := c.identity(action, parameter, name)
	return err
}

func (c *changer) createUser() error { return c.create(&c.users, "CreateUser", "UserName", "user") }
func (c *changer) createGroup() error {
	return c.create(&c.groups, "CreateGroup", "GroupName", "group")
}
func (c *changer) deleteUser() error  { return c.remove(&c.users, "DeleteUser", "UserName") }
func (c *changer) deleteGroup() error { return c.remove(&c.groups, "DeleteGroup", "GroupName") }
func (c *changer) deleteRole() error  { return c.remove(&c.roles, "DeleteRole", "RoleName") }
func (c *changer) createRole() error {
	return c.create(&c.roles, "CreateRole", "RoleName", "role", "AssumeRolePolicyDocument", fmt.Sprintf(trust, "first"))
}

// userPolicy gives a user a policy, after which it is not deleted.
func (c *changer) userPolicy() error {
	name := c.take(&c.users, 3)
	if name == "" {
		return nil
	}
	_, err := c.identity("PutUserPolicy", "UserName", name, "PolicyName", "p", "PolicyDocument", fmt.Sprintf(permission, name))
	return err
}

func (c *changer) setRole() error {
	name := c.take(&c.roles, 1)
	if name == "" {
		return nil
	}
	_, err := c.identity("UpdateAssumeRolePolicy", "RoleName", name, "PolicyDocument", fmt.Sprintf(trust, c.fresh("trust")))
	if err == nil {
		c.roles = append(c.roles, name)
	}
	return err
}

// createKey gives a user an access key, after which only that is deleted.
func (c *changer) createKey() error {
	user := c.take(&c.users, 3)
	if user == "" {
		return nil
	}
	a, err := c.identity("CreateAccessKey", "UserName", user)
	if err == nil {
		c.keys = append(c.keys, user+"/"+element(a.body, "AccessKeyId"))
	}
	return err
}

func (c *changer) deleteKey() error {
	user, id, _ := strings.Cut(c.take(&c.keys, 1), "/")
	if user == "" {
		return nil
	}
	_, err := c.identity("DeleteAccessKey", "UserName", user, "AccessKeyId", id)
	return err
}

func (c *changer) createPolicy() error {
	if len(c.policies) > 30 {
		return nil
	}
	a, err := c.identity("CreatePolicy", "PolicyName", c.fresh("policy"), "PolicyDocument", fmt.Sprintf(permission, "policy"))
	if err == nil {
		c.policies = append(c.policies, element(a.body, "Arn"))
	}
	return err
}

func (c *changer) deletePolicy() error { return c.remove(&c.policies, "DeletePolicy", "PolicyArn") }

func (c *changer) createUnit() error {
	if len(c.units) > 30 {
		return nil
	}
	a, err := c.api.organization("CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":%q}`, c.root, c.fresh("unit")))
	if err = c.managed(a, err, "CreateOrganizationalUnit"); err != nil {
		return err
	}
	var made struct{ OrganizationalUnit struct{ ID string } }
	err = decode(a, &made)
	c.units = append(c.units, made.OrganizationalUnit.ID)
	return err
}

func (c *changer) deleteUnit() error {
	unit := c.take(&c.units, 3)
	if unit == "" {
		return nil
	}
	a, err := c.api.organization("DeleteOrganizationalUnit", fmt.Sprintf(`{"OrganizationalUnitId":%q}`, unit))
	return c.managed(a, err, "DeleteOrganizationalUnit")
}

// createAccount is done a few times: an organization has few accounts. It is a request of many transactions.
func (c *changer) createAccount() error {
	if c.id > 0 || c.accounts == 5 {
		return nil
	}
	c.accounts++
	name := c.fresh("account")
	a, err := c.api.organization("CreateAccount", fmt.Sprintf(`{"AccountName":%q,"Email":%q}`, name, name+"@example.com"))
	return c.managed(a, err, "CreateAccount")
}

// changeTrail changes the trail that is changed all the time, but nothing of what it logs. Only one client does.
func (c *changer) changeTrail() error {
	if c.id > 0 {
		return nil
	}
	action, text := "UpdateTrail", `{"Name":"second","S3KeyPrefix":"second/`+c.fresh("prefix")+`"}`
	switch c.rng.IntN(3) {
	case 0:
		action, text = "AddTags", `{"ResourceId":"ARN","TagsList":[{"Key":"t","Value":"`+c.fresh("tag")+`"}]}`
		text = strings.Replace(text, "ARN", c.trailARN, 1)
	case 1:
		action, text = "PutEventSelectors", `{"TrailName":"second","AdvancedEventSelectors":[{"Name":"`+c.fresh("selector")+
			`","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`
	}
	a, err := c.api.trail(action, text)
	return c.managed(a, err, action)
}
