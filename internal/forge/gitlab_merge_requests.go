package forge

import (
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabMerge is a merge request.
type gitlabMerge struct {
	IID          id                `json:"iid"`
	ProjectID    id                `json:"target_project_id"`
	Action       text              `json:"action"`
	AuthorID     id                `json:"author_id"`
	MergeUserID  id                `json:"merge_user_id"`
	Title        text              `json:"title"`
	URL          text              `json:"url"`
	State        text              `json:"state"`
	Draft        bool              `json:"draft"`
	WIP          bool              `json:"work_in_progress"`
	SourceBranch text              `json:"source_branch"`
	TargetBranch text              `json:"target_branch"`
	Target       *gitlabProject    `json:"target"`
	Labels       list[gitlabLabel] `json:"labels"`
	Created      moment            `json:"created_at"`
	Updated      moment            `json:"updated_at"`
	// MergedAt and ClosedAt are sent by GitLab 19 and later only.
	MergedAt moment `json:"merged_at"`
	ClosedAt moment `json:"closed_at"`
	// OldRevision is the commit before a push to the source branch.
	OldRevision text `json:"oldrev"`
	// System says that GitLab itself did it, such as taking approvals back after a push.
	System bool `json:"system"`
}

type gitlabMergeBody struct {
	gitlabPlace

	Labels    list[gitlabLabel] `json:"labels"`
	Assignees list[gitlabUser]  `json:"assignees"`
	Reviewers list[gitlabUser]  `json:"reviewers"`
	Changes   gitlabChanges     `json:"changes"`
	Merge     gitlabMerge       `json:"object_attributes"`
}

func gitlabMergeRequestEvents(src Source, req Request) ([]event.Event, error) {
	var body gitlabMergeBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	merge := &body.Merge
	if body.Project == nil {
		body.Project = merge.Target
	}
	if merge.IID == 0 || body.project(merge.ProjectID) == 0 {
		return nil, &UnreadableError{Reason: "the merge request has no number or no project"}
	}
	object := numbered(nounMergeRequest, body.project(merge.ProjectID), merge.IID)
	events := body.happenings(src, req, object)
	for i := range events {
		ev := &events[i]
		body.describe(src, ev, merge.ProjectID)
		ev.URL = merge.URL.link()
		if ev.Kind != event.ReviewSubmitted {
			body.fill(src, ev)
		}
		ev.Time = firstTime(ev.Time, merge.Updated.Time, req.ReceivedAt)
		if ev.Kind == event.MergeRequestMerged {
			ev.MergedAt = ev.Time
		}
	}
	return events, nil
}

// happenings begins the events that a body tells of: none and not nil when there is nothing to tell.
func (b *gitlabMergeBody) happenings(src Source, req Request, object string) []event.Event {
	merge := &b.Merge
	switch merge.Action {
	case "open":
		ev := newEvent(src, event.MergeRequestOpened, object, actionOpened)
		ev.Time = merge.Created.Time
		return []event.Event{ev}
	case "merge":
		ev := newEvent(src, event.MergeRequestMerged, object, "merged")
		ev.Time = merge.MergedAt.Time
		if ev.MergedBy = gitlabPerson(src, merge.MergeUserID, b.User, b.Assignees, b.Reviewers); ev.MergedBy == nil {
			ev.MergedBy = b.User.account(src)
		}
		return []event.Event{ev}
	case "close":
		at := moment{firstTime(merge.ClosedAt.Time, merge.Updated.Time)}
		ev := newEvent(src, event.MergeRequestClosed, object, actionClosed, occurrenceOrDigest(req, at))
		ev.Time, ev.ClosedAt = at.Time, at.Time
		return []event.Event{ev}
	case "reopen":
		return []event.Event{newEvent(src, event.MergeRequestReopened, object, "reopened", occurrenceOrDigest(req, merge.Updated))}
	case "update":
		return b.updates(src, req, object)
	case "approval", "approved", "unapproval", "unapproved":
		return b.review(src, req, object)
	}
	return nil
}

// review begins the event of an approval, or of one taken back. An approval is sent under one of two names, depending on
// whether it completes what a rule asks for.
func (b *gitlabMergeBody) review(src Source, req Request, object string) []event.Event {
	reviewer := b.User.account(src)
	if reviewer == nil || b.Merge.System {
		return nothing
	}
	parts, state := []string{"review", reviewer.ID, stateApproved}, stateApproved
	if b.Merge.Action == "unapproval" || b.Merge.Action == "unapproved" {
		parts, state = append(parts, stateDismissed, occurrenceOrDigest(req, b.Merge.Updated)), stateDismissed
	}
	ev := newEvent(src, event.ReviewSubmitted, object, parts...)
	ev.Author, ev.State = reviewer, state
	ev.Target = b.Merge.target(src, b.User, b.Labels, b.Assignees, b.Reviewers)
	return []event.Event{ev}
}

// gitlabOwnWords are what the vocabulary calls fields that an update changes.
var gitlabOwnWords = map[text]string{"description": "body", "milestone_id": "milestone"}

// gitlabNoise are fields that change with every update, or that other events tell of.
var gitlabNoise = []text{
	"id", "iid", "author_id", "created_at", "updated_at", "updated_by", "updated_by_id", "last_edited_at", "last_edited_by_id", "state", "state_id",
	"labels", "assignees", "assignee_id", "assignee_ids", "reviewers", "reviewer_ids", "merge_status", "merge_params", "prepared_at", "head_pipeline_id",
	"merged_at", "closed_at", "position", "relative_position", "cached_markdown_version", "total_time_spent", "time_change",
}

// words returns what was changed, in the words of the vocabulary.
func (c *gitlabChanges) words() []string {
	var words []string
	for _, name := range texts(c.names) {
		if own, ok := gitlabOwnWords[text(name)]; ok {
			name = own
		}
		if !slices.Contains(gitlabNoise, text(name)) {
			words = append(words, name)
		}
	}
	slices.Sort(words)
	return words
}

// updates begins an event for each label, assignee and reviewer that an update adds or takes off, and one for
// everything else that it changes.
func (b *gitlabMergeBody) updates(src Source, req Request, object string) []event.Event {
	at := occurrenceOrDigest(req, b.Merge.Updated)
	events := gitlabLabeled(src, &b.Changes, at, object, event.MergeRequestLabeled, event.MergeRequestUnlabeled)
	events = append(events, gitlabAssigned(src, &b.Changes, at, object, event.MergeRequestAssigned)...)
	for _, user := range added(b.Changes.reviewers, userID) {
		ev := newEvent(src, event.MergeRequestReviewRequested, object, "review_requested", user.ID.String(), at)
		ev.Reviewer = user.account(src)
		events = append(events, ev)
	}
	words := b.Changes.words()
	if b.Merge.OldRevision != "" {
		words = append(words, "commits")
	}
	if len(words) > 0 {
		ev := newEvent(src, event.MergeRequestUpdated, object, "updated", at)
		ev.Changes = words
		events = append(events, ev)
	}
	return events
}

// gitlabLabeled begins an event for each label that was put on or taken off.
func gitlabLabeled(src Source, changes *gitlabChanges, at, object, on, off string) []event.Event {
	var events []event.Event
	for _, sort := range []struct {
		kind   string
		labels []gitlabLabel
	}{{on, added(changes.labels, labelID)}, {off, added(changes.labels.reversed(), labelID)}} {
		for _, label := range sort.labels {
			ev := newEvent(src, sort.kind, object, verb(sort.kind), label.ID.String(), at)
			ev.Label = string(label.Title)
			events = append(events, ev)
		}
	}
	return events
}

// gitlabAssigned begins an event for everybody who was assigned.
func gitlabAssigned(src Source, changes *gitlabChanges, at, object, kind string) []event.Event {
	var events []event.Event
	for _, user := range added(changes.assignees, userID) {
		ev := newEvent(src, kind, object, "assigned", user.ID.String(), at)
		ev.Assignee = user.account(src)
		events = append(events, ev)
	}
	return events
}

// fill puts into an event what the merge request is.
func (b *gitlabMergeBody) fill(src Source, ev *event.Event) {
	merge, labels := &b.Merge, b.Labels
	if labels == nil {
		labels = merge.Labels
	}
	ev.Author = gitlabPerson(src, merge.AuthorID, b.User, b.Assignees, b.Reviewers)
	ev.Assignees, ev.Reviewers = gitlabAccounts(src, b.Assignees), gitlabAccounts(src, b.Reviewers)
	ev.IID, ev.Title, ev.Draft, ev.Labels = int64(merge.IID), string(merge.Title), merge.Draft || merge.WIP, gitlabTitles(labels)
	ev.SourceBranch, ev.TargetBranch, ev.OpenedAt = string(merge.SourceBranch), string(merge.TargetBranch), merge.Created.Time
	if event.Carries(ev.Kind, "closed_at") && ev.ClosedAt.IsZero() {
		ev.ClosedAt = merge.ClosedAt.Time
	}
	if event.Carries(ev.Kind, "merged_at") {
		ev.MergedAt = merge.MergedAt.Time
	}
}

// target returns the merge request as what a review or a comment is on.
func (m *gitlabMerge) target(src Source, acting *gitlabUser, labels []gitlabLabel, others ...list[gitlabUser]) *event.Target {
	if len(m.Labels) > 0 {
		labels = m.Labels
	}
	return &event.Target{
		Kind: nounMergeRequest, IID: int64(m.IID), Title: string(m.Title), URL: m.URL.link(), Author: gitlabPerson(src, m.AuthorID, acting, others...),
		Labels: gitlabTitles(labels), State: gitlabState(m.State), TargetBranch: string(m.TargetBranch),
		OpenedAt: m.Created.Time, ClosedAt: m.ClosedAt.Time, MergedAt: m.MergedAt.Time,
	}
}

// gitlabState returns a state in the words of event.Target.
func gitlabState(state text) string {
	switch state {
	case actionOpened, "reopened", "locked":
		return stateOpen
	case stateClosed, stateMerged:
		return string(state)
	default:
		return ""
	}
}

// seconds are a length of time, which GitLab writes with fractions.
type seconds float64

func (s seconds) duration() time.Duration {
	const longest = 10 * 365 * 24 * 3600
	if s <= 0 || s > longest {
		return 0
	}
	return time.Duration(float64(s) * float64(time.Second)).Truncate(time.Microsecond)
}
