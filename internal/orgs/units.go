package orgs

import (
	"context"
	"errors"
	"unicode/utf8"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// maxName is how long the name of a unit or policy may be, in characters.
const maxName = 128

// Unit is an organizational unit. Path begins with the organization and ends with the unit and a slash.
type Unit struct{ ID, ARN, Name, Path string }

// Child is a unit or account right below a root or unit, Kind being UnitKind or AccountKind.
type Child struct{ ID, Kind string }

func (v view) unit(n *node) (Unit, error) {
	path, err := v.path(n)
	return Unit{ID: n.unit.Id, ARN: v.arn(n.unit.Id), Name: n.unit.Name, Path: path}, err
}

// CreateUnit makes an organizational unit below a root or unit.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
func (s *Service) CreateUnit(ctx context.Context, account ids.AccountID, parent, name string, tags []Tag) (out Unit, err error) {
	if err := s.checkTags(tags); err != nil {
		return out, err
	}
	if err := checkName(name); err != nil {
		return out, err
	}
	err = s.manage(ctx, account, func(c change) error {
		above, err := c.find(parent, errNoParent, RootKind, UnitKind)
		if err != nil {
			return err
		}
		if err := s.roomForUnit(c.view, above); err != nil {
			return err
		}
		id, err := ids.NewOrganizationalUnit(s.rand, c.record.Root)
		if err != nil {
			return err
		}
		if err := absent(c, keys.OrganizationNode(c.id, id), errConcurrent); err != nil {
			return err
		}
		n := &node{unit: &records.OrganizationNode{Id: id, Parent: parent, Name: name, Tags: recordTags(tags), Created: s.timestamp()}}
		if err := c.nameUnit(n); err != nil {
			return err
		}
		if err := errors.Join(c.tx.Put(keys.ChildUnit(c.id, parent, id), nil), c.count(func(n *records.OrganizationCounts) { n.Units++ })); err != nil {
			return err
		}
		if err := c.admit(n); err != nil {
			return err
		}
		out, err = c.unit(n)
		return err
	})
	return out, err
}

func checkName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n < 1:
		return Invalid("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed.")
	case n > maxName:
		return Invalid("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed.")
	}
	return nil
}

// roomForUnit refuses a unit below above where the tree would become too large or too deep.
func (s *Service) roomForUnit(v view, above *node) error {
	depth, err := v.depth(above)
	if err != nil {
		return err
	}
	if depth+1 > s.quotas.Depth {
		return errTooDeep
	}
	quota, err := quotas.Value(v, v.management(), quotas.Units, s.quotas.Units)
	if err != nil {
		return err
	}
	counted, err := v.counts()
	if err == nil && counted.Units >= int64(quota) {
		err = errTooManyUnits
	}
	return err
}

// nameUnit takes the name of a unit, which no other unit of the same parent may have.
func (c change) nameUnit(n *node) error {
	key := keys.UnitName(c.id, n.unit.Parent, n.unit.Name)
	if err := absent(c, key, errUnitExists); err != nil {
		return err
	}
	return c.tx.Put(key, []byte(n.unit.Id))
}

// RenameUnit gives a unit another name; nil leaves it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html
func (s *Service) RenameUnit(ctx context.Context, account ids.AccountID, id string, name *string) (out Unit, err error) {
	if name != nil {
		if err := checkName(*name); err != nil {
			return out, err
		}
	}
	err = s.manage(ctx, account, func(c change) error {
		n, err := c.find(id, errNoUnit, UnitKind)
		if err != nil {
			return err
		}
		if name != nil && *name != n.unit.Name {
			if err := c.tx.Delete(keys.UnitName(c.id, n.unit.Parent, n.unit.Name)); err != nil {
				return err
			}
			n.unit.Name = *name
			if err := c.nameUnit(n); err != nil {
				return err
			}
			if err := c.put(n); err != nil {
				return err
			}
		}
		out, err = c.unit(n)
		return err
	})
	return out, err
}

// DeleteUnit deletes a unit that nothing is in.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
func (s *Service) DeleteUnit(ctx context.Context, account ids.AccountID, id string) error {
	return s.manage(ctx, account, func(c change) error {
		n, err := c.find(id, errNoUnit, UnitKind)
		if err != nil {
			return err
		}
		noUnits, err := c.hasNone(keys.ChildUnits(c.id, id))
		if err != nil {
			return err
		}
		noAccounts, err := c.hasNone(keys.ChildAccounts(c.id, id))
		if err != nil {
			return err
		}
		if !noUnits || !noAccounts {
			return errUnitNotEmpty
		}
		if err := errors.Join(c.release(n), c.count(func(n *records.OrganizationCounts) { n.Units-- })); err != nil {
			return err
		}
		return meta.DeleteAll(c.tx, [][]byte{
			keys.UnitName(c.id, n.unit.Parent, n.unit.Name), keys.ChildUnit(c.id, n.unit.Parent, id), keys.OrganizationNode(c.id, id),
		})
	})
}

// Unit returns a unit.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganizationalUnit.html
func (s *Service) Unit(ctx context.Context, account ids.AccountID, id string) (out Unit, err error) {
	err = s.inspect(ctx, account, func(v view) error {
		n, err := v.find(id, errNoUnit, UnitKind)
		if err != nil {
			return err
		}
		out, err = v.unit(n)
		return err
	})
	return out, err
}

// Units returns the units right below a root or unit.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html
func (s *Service) Units(ctx context.Context, account ids.AccountID, parent string, p Page) (out List[Unit], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if _, err := v.find(parent, errNoParent, RootKind, UnitKind); err != nil {
			return err
		}
		from, to := keys.ChildUnits(v.id, parent)
		page, err := scan(v, from, to, p)
		out, err = listOf(page, err, func(e entry) (Unit, error) {
			n, err := v.node(e.last)
			if err != nil {
				return Unit{}, err
			}
			return v.unit(n)
		})
		return err
	})
	return out, err
}

// Children returns the units or the accounts right below a root or unit.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html
func (s *Service) Children(ctx context.Context, account ids.AccountID, parent, kind string, p Page) (out List[Child], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		if _, err := v.find(parent, errNoParent, RootKind, UnitKind); err != nil {
			return err
		}
		from, to := keys.ChildUnits(v.id, parent)
		if kind == AccountKind {
			from, to = keys.ChildAccounts(v.id, parent)
		}
		page, err := scan(v, from, to, p)
		out, err = listOf(page, err, func(e entry) (Child, error) { return Child{ID: e.last, Kind: kind}, nil })
		return err
	})
	return out, err
}

// Parents returns the root or unit that a unit or account is right below, in a list as the API has it.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
func (s *Service) Parents(ctx context.Context, account ids.AccountID, child string, p Page) (out List[Child], err error) {
	err = s.inspect(ctx, account, func(v view) error {
		n, err := v.find(child, errNoChild, UnitKind, AccountKind)
		if err != nil {
			return err
		}
		out, err = pageOf([]string{n.parent()}, p, func(id string) (Child, bool, error) {
			up, err := v.node(id)
			if err != nil {
				return Child{}, false, err
			}
			return Child{ID: id, Kind: up.kind()}, true, nil
		})
		return err
	})
	return out, err
}
