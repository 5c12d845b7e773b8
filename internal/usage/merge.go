package usage

import (
	"slices"

	"crossgrant/internal/records"
)

// merge adds the uses of from to those of into: of each thing the latest one stays.
func merge(into, from *records.Usage) {
	if from.Used >= into.Used {
		into.Used, into.Region, into.Service = from.Used, from.Region, from.Service
	}
	for _, s := range from.Services {
		i, ok := slices.BinarySearchFunc(into.Services, s.Namespace, byNamespace)
		if !ok {
			into.Services = slices.Insert(into.Services, i, &records.ServiceUsage{Namespace: s.Namespace})
		}
		mergeService(into.Services[i], s)
	}
}

func mergeService(into, from *records.ServiceUsage) {
	if from.Used >= into.Used {
		into.Used, into.Region = from.Used, from.Region
	}
	for _, a := range from.Actions {
		i, ok := slices.BinarySearchFunc(into.Actions, a.Name, byAction)
		switch {
		case !ok:
			into.Actions = slices.Insert(into.Actions, i, &records.ActionUsage{Name: a.Name, Used: a.Used, Region: a.Region})
		case a.Used >= into.Actions[i].Used:
			into.Actions[i].Used, into.Actions[i].Region = a.Used, a.Region
		}
	}
}

// forgetBefore removes what was last used before a moment, in nanoseconds since 1970.
func forgetBefore(u *records.Usage, oldest int64) {
	u.Services = slices.DeleteFunc(u.Services, func(s *records.ServiceUsage) bool { return s.Used < oldest })
	for _, s := range u.Services {
		s.Actions = slices.DeleteFunc(s.Actions, func(a *records.ActionUsage) bool { return a.Used < oldest })
	}
}

// count returns how many uses u is, as Options.Pending counts them.
func count(u *records.Usage) int {
	n := 1 + len(u.Services)
	for _, s := range u.Services {
		n += len(s.Actions)
	}
	return n
}
