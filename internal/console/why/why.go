// Package why explains: decisions on record, questions, who can reach what, findings, events. It shows what the APIs
// answer and decides nothing.
package why

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html assets
var files embed.FS

// Areas of the navigation.
const (
	decisionsArea = "decisions"
	askArea       = "ask"
	mapArea       = "map"
	findingsArea  = "findings"
	eventsArea    = "events"
)

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "why", Templates: []fs.FS{page.Templates(files)}, Assets: page.Assets(files), Rows: []page.Row{
		{Path: "/why/requests", Area: decisionsArea, Get: showRequests},
		{Path: "/why/requests/{id}", Area: decisionsArea, Get: showRequest},
		{Path: "/why/ask", Area: askArea, Get: showAsk},
		{Path: "/why/map", Area: mapArea, Get: showMap},
		{Path: "/why/map/paths", Area: mapArea, Get: showPaths},
		{Path: "/why/map/picture", Area: mapArea, Get: showPicture},
		{Path: "/why/findings", Area: findingsArea, Get: showFindings, Actions: map[string]page.Action{
			"create": createAnalyzer, "delete": deleteAnalyzer, "archive": setFindings("archive"), "unarchive": setFindings("unarchive"), "scan": scan,
		}},
		{Path: "/why/findings/view", Area: findingsArea, Get: showFinding, Actions: map[string]page.Action{
			"archive": setFindings("archive"), "unarchive": setFindings("unarchive"), "scan": scan,
		}},
		{Path: "/why/findings/rules", Area: findingsArea, Get: showRules, Actions: map[string]page.Action{
			"create": createRule, "apply": applyRule, "delete": deleteRule,
		}},
		{Path: "/why/events", Area: eventsArea, Get: showEvents},
		{Path: "/why/trails", Area: eventsArea, Get: showTrails},
		{Path: "/why/trails/create", Area: eventsArea, Get: showCreateTrail, Actions: map[string]page.Action{"create": createTrail}},
		{Path: "/why/trails/view", Area: eventsArea, Get: showTrail, Actions: map[string]page.Action{
			"start": startLogging, "stop": stopLogging, "update": updateTrail, "selectors": putSelectors, "delete": deleteTrail,
		}},
	}}
}
