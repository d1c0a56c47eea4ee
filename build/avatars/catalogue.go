package main

import "strconv"

// entry is an achievement, or a ladder of them: its key, how many tiers it has (0 for none), what it is about, and what stands on it.
type entry struct {
	key     string
	tiers   int
	subject subject
	glyphs  []string
}

func glyph(names ...string) []string { return names }

// set is the achievements of one file of rules. All of them have one shape.
type set struct {
	shape   shape
	entries []entry
}

// catalogue is everything that is drawn.
var catalogue = []set{
	{round, []entry{ // contributions, rhythm and teams
		{"first-merge-request", 0, merging, glyph("merge-request", "spark")},
		{"first-merge", 0, merging, glyph("merge", "spark")},
		{"contributor", 4, merging, glyph("puzzle")},
		{"documentation-helper", 0, knowing, glyph("book")},
		{"core-team", 0, talking, glyph("team")},
		{"on-fire", 0, timing, glyph("flame")},
		{"steady", 4, timing, glyph("metronome")},
		{"busy-month", 0, timing, glyph("calendar")},
		{"well-connected", 0, talking, glyph("network")},
	}},
	{octagon, []entry{ // github
		{"pull-shark", 4, merging, glyph("fin")},
		{"galaxy-brain", 4, knowing, glyph("galaxy-bulb")},
		{"pair-extraordinaire", 4, coding, glyph("cherries")},
		{"yolo", 0, merging, glyph("die")},
		{"quickdraw", 0, issues, glyph("stopwatch")},
		{"starstruck", 4, thanking, glyph("shooting-star")},
		{"public-sponsor", 0, thanking, glyph("gift")},
		{"heart-on-your-sleeve", 4, thanking, glyph("sleeve")},
		{"open-sourcerer", 4, merging, glyph("wizard-hat")},
		{"arctic-code-vault-contributor", 0, coding, glyph("ice-vault")},
		{"mars-2020-contributor", 0, timing, glyph("helicopter")},
	}},
	{pennant, []entry{ // levels
		{"contributor-level", 4, shipping, glyph("summit")},
	}},
	{shield, []entry{ // reviewer
		{"first-review", 0, reviewing, glyph("eye", "spark")},
		{"reviewer", 5, reviewing, glyph("eye")},
		{"thorough-reviewer", 0, reviewing, glyph("magnifier")},
		{"crowd-puller", 0, talking, glyph("magnet")},
		{"helpful-no", 0, reviewing, glyph("bubble-no")},
	}},
	{squircle, []entry{ // maintainer
		{"release-manager", 4, shipping, glyph("rocket")},
		{"merger", 4, merging, glyph("lanes")},
		{"gatekeeper", 0, reviewing, glyph("gate")},
		{"gardener", 4, issues, glyph("sprout")},
		{"rescuer", 0, shipping, glyph("lifebuoy")},
	}},
	{flower, []entry{ // community
		{"welcome", 0, talking, glyph("door")},
		{"first-comment", 0, talking, glyph("bubble", "spark")},
		{"commentator", 4, talking, glyph("microphone")},
		{"helper", 4, knowing, glyph("signpost")},
		{"popular", 0, thanking, glyph("crown")},
		{"tumbleweed", 0, issues, glyph("tumbleweed")},
		{"necromancer", 0, night, glyph("ghost")},
		{"polyglot", 0, coding, glyph("braces")},
	}},
	{sun, []entry{ // seasonal
		{"autumn-sprint", 0, issues, glyph("leaf")},
		{"new-year", 0, night, glyph("firework")},
		{"leap-day", 0, knowing, glyph("frog")},
		{"weekend-warrior", 0, timing, glyph("swords")},
		{"night-owl", 0, night, glyph("owl")},
		{"early-bird", 0, shipping, glyph("bird")},
		{"anniversary", 5, timing, glyph("cake")},
	}},
	{hexagon, ladders},
}

// ladders are about one kind of event each.
var ladders = []entry{
	{"merges", 5, merging, glyph("merge")},
	{"merge-requests", 5, merging, glyph("merge-request")},
	{"reviews", 5, reviewing, glyph("eye")},
	{"approvals", 5, reviewing, glyph("stamp")},
	{"comments", 5, talking, glyph("bubble")},
	{"issues-opened", 5, issues, glyph("issue")},
	{"issues-closed", 5, issues, glyph("issue-done")},
	{"pushes", 5, coding, glyph("push")},
	{"commits", 5, coding, glyph("commit")},
	{"tags", 5, coding, glyph("tag")},
	{"releases", 5, shipping, glyph("package")},
	{"wiki-edits", 5, knowing, glyph("pencil")},
	{"pipelines-passed", 5, shipping, glyph("pipeline")},
	{"pipelines-failed", 5, timing, glyph("pipeline-broken")},
	{"deployments", 5, shipping, glyph("cloud")},
	{"stars", 5, thanking, glyph("star")},
	{"forks", 5, thanking, glyph("fork")},
	{"reactions-given", 5, thanking, glyph("smile")},
	{"reactions-received", 5, thanking, glyph("heart")},
	{"repositories", 5, coding, glyph("repository")},
	{"labels", 5, issues, glyph("labels")},
	{"milestones", 5, shipping, glyph("flag")},
	{"branches", 5, coding, glyph("branch")},
	{"answers", 5, talking, glyph("bulb")},
	{"translations", 5, knowing, glyph("globe")},
	{"documentation", 5, knowing, glyph("book")},
	{"tests", 5, reviewing, glyph("flask")},
	{"awards", 5, thanking, glyph("trophy")},
}

// badges are the catalogue's pictures. The tiers of a ladder have the keys KEY, KEY-2, KEY-3 and so on.
func badges() []badge {
	var all []badge
	for _, set := range catalogue {
		for _, e := range set.entries {
			if e.tiers == 0 {
				all = append(all, badge{e.key, set.shape, e.subject, 0, e.glyphs})
			}
			for tier := 1; tier <= e.tiers; tier++ {
				key := e.key
				if tier > 1 {
					key += "-" + strconv.Itoa(tier)
				}
				all = append(all, badge{key, set.shape, e.subject, tier, e.glyphs})
			}
		}
	}
	return all
}
