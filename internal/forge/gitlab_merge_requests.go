package forge

import (
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabMerge is a merge request, of a hook's own or as what a comment or a reaction is on. GitLab sends neither the
// milestone's title nor how much it changes, and who approved only in the states of reviewers.
type gitlabMerge struct {
	IID          id                `json:"iid"`
	AuthorID     id                `json:"author_id"`
	MergeUserID  id                `json:"merge_user_id"`
	Title        text              `json:"title"`
	URL          text              `json:"url"`
	State        text              `json:"state"`
	Draft        bool              `json:"draft"`
	Unfinished   bool              `json:"work_in_progress"`
	SourceBranch text              `json:"source_branch"`
	TargetBranch text              `json:"target_branch"`
	Target       *gitlabProject    `json:"target"`
	TargetID     id                `json:"target_project_id"`
	Labels       list[gitlabLabel] `json:"labels"`
	Created      moment            `json:"created_at"`
	Updated      moment            `json:"updated_at"`
	// MergedAt is sent by GitLab 19 and later only.
	MergedAt moment `json:"merged_at"`
}

type gitlabMergeRequest struct {
	gitlabBody

	Labels     list[gitlabLabel] `json:"labels"`
	Assignees  list[gitlabUser]  `json:"assignees"`
	Reviewers  list[gitlabUser]  `json:"reviewers"`
	Changes    gitlabChanges     `json:"changes"`
	Attributes struct {
		gitlabMerge

		// OldRevision is sent when commits were pushed.
		OldRevision text `json:"oldrev"`
		// System says that GitLab did it of itself, and not the user.
		System bool `json:"system"`
	} `json:"object_attributes"`
}

func gitlabMergeRequestEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body gitlabMergeRequest
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	merge := &body.Attributes.gitlabMerge
	if body.Project == nil {
		body.Project = merge.Target
	}
	project := body.project(merge.TargetID)
	if project == nil && merge.IID == 0 { // A custom template may make anything of a body.
		return nil, head.unknown()
	}
	if project == nil || merge.IID == 0 {
		return nil, &UnreadableError{Reason: "the merge request has no number or no project"}
	}
	object := numbered(nounMergeRequest, project.ID, merge.IID)
	switch action := head.action(); action {
	case "open", "merge":
		return body.once(src, req, action, object), nil
	case "approved", "approval", "unapproved", "unapproval":
		return body.reviewed(src, req, action, object)
	case "close", "reopen", "update":
		if merge.Updated.IsZero() {
			return nil, errGitLabNoTime
		}
	default:
		return nil, head.unknown()
	}
	var events []event.Event
	switch head.action() {
	case "close":
		events = append(events, body.again(src, event.MergeRequestClosed, merge.Updated, object))
		events[0].ClosedAt = merge.Updated.Time
	case "reopen":
		events = append(events, body.again(src, event.MergeRequestReopened, merge.Updated, object))
	case "update":
		events = body.updated(src, object)
	}
	body.describe(src, events...)
	return distinct(events), nil
}

// once returns the event of what happens to a merge request once.
func (b *gitlabMergeRequest) once(src Source, req Request, action text, object string) []event.Event {
	merge := &b.Attributes.gitlabMerge
	if action == "open" {
		events := []event.Event{b.newEvent(src, event.MergeRequestOpened, firstTime(merge.Created.Time, req.ReceivedAt), object, verb(event.MergeRequestOpened))}
		b.describe(src, events...)
		return events
	}
	at := firstTime(merge.MergedAt.Time, merge.Updated.Time, req.ReceivedAt)
	events := []event.Event{b.newEvent(src, event.MergeRequestMerged, at, object, "merged")}
	b.describe(src, events...)
	events[0].MergedAt, events[0].MergedBy = at, b.person(src, merge.MergeUserID)
	if events[0].MergedBy == nil {
		events[0].MergedBy = b.User.account(src)
	}
	return events
}

// reviewed returns the event of an approval that was given or taken back. An approval is sent as "approved" when it
// was the last one needed and as "approval" otherwise, never as both. When it was given, nothing says: the merge request
// does not count as updated by it. What GitLab takes back of itself, after a push, names nobody whose it was.
func (b *gitlabMergeRequest) reviewed(src Source, req Request, action text, object string) ([]event.Event, error) {
	if b.Attributes.System {
		return nil, nil
	}
	reviewer := b.User.account(src)
	if reviewer == nil {
		return nil, &UnreadableError{Reason: "it is not said whose approval it is"}
	}
	merge := &b.Attributes.gitlabMerge
	state, parts := stateApproved, []string{"review", reviewer.ID, stateApproved}
	if action == "unapproved" || action == "unapproval" {
		state, parts = stateDismissed, append(parts, stateDismissed)
		if !merge.Updated.IsZero() {
			parts = append(parts, gitlabOccurrence(merge.Updated))
		}
	}
	ev := b.newEvent(src, event.ReviewSubmitted, firstTime(req.ReceivedAt), object, parts...)
	ev.URL, ev.Author, ev.State = merge.URL.link(), reviewer, state
	ev.Target = merge.target(src, b.User, b.Assignees, b.Reviewers, b.Known)
	if b.Labels != nil {
		ev.Target.Labels = gitlabTitles(b.Labels)
	}
	return []event.Event{ev}, nil
}

// updated returns what an update tells of: each label, assignee and reviewer for itself, and whatever else was changed
// together. An update that changed nothing of these, as many are, tells nothing.
func (b *gitlabMergeRequest) updated(src Source, object string) []event.Event {
	at, changes := b.Attributes.Updated, &b.Changes
	events := changes.labeled(src, &b.gitlabBody, at, object, event.MergeRequestLabeled, event.MergeRequestUnlabeled)
	events = append(events, changes.assigned(src, &b.gitlabBody, at, object, event.MergeRequestAssigned)...)
	for _, reviewer := range gitlabAdded(changes.Reviewers) {
		if account := reviewer.account(src); account != nil {
			ev := b.again(src, event.MergeRequestReviewRequested, at, object, account.ID)
			ev.Reviewer = account
			events = append(events, ev)
		}
	}
	words := changes.words()
	if b.Attributes.OldRevision != "" {
		words = append(words, "commits")
		slices.Sort(words)
	}
	if len(words) > 0 {
		ev := b.again(src, event.MergeRequestUpdated, at, object)
		ev.Changes = words
		events = append(events, ev)
	}
	return events
}

// describe adds what events on a merge request say of it. The events share the lists of people and labels: an update
// may give many labels to one that has many.
func (b *gitlabMergeRequest) describe(src Source, events ...event.Event) {
	merge := &b.Attributes.gitlabMerge
	labels := b.Labels
	if labels == nil {
		labels = merge.Labels
	}
	var approved []event.Account
	for i := range b.Reviewers {
		if account := b.Reviewers[i].account(src); account != nil && b.Reviewers[i].State == stateApproved {
			approved = append(approved, *account)
		}
	}
	titles, author := gitlabTitles(labels), b.person(src, merge.AuthorID)
	assignees, reviewers := gitlabAccounts(src, b.Assignees), gitlabAccounts(src, b.Reviewers)
	for i := range events {
		ev := &events[i]
		ev.URL, ev.Author, ev.ApprovedBy, ev.Assignees, ev.Reviewers = merge.URL.link(), author, approved, assignees, reviewers
		ev.IID, ev.Title, ev.Draft, ev.Labels = int64(merge.IID), string(merge.Title), merge.Draft || merge.Unfinished, titles
		ev.SourceBranch, ev.TargetBranch = string(merge.SourceBranch), string(merge.TargetBranch)
		ev.OpenedAt = merge.Created.Time
		// Who is to merge is also said of what is not merged yet.
		if merge.State == stateMerged && event.Carries(ev.Kind, "merged_by") {
			ev.MergedAt, ev.MergedBy = merge.MergedAt.Time, b.person(src, merge.MergeUserID)
		}
	}
}

func (b *gitlabMergeRequest) person(src Source, number id) *event.Account {
	return gitlabPerson(src, number, b.User, b.Assignees, b.Reviewers, b.Known)
}

// target returns the merge request as what a review, a comment or a reaction is on.
func (m *gitlabMerge) target(src Source, actor *gitlabUser, others ...list[gitlabUser]) *event.Target {
	return &event.Target{
		Kind: nounMergeRequest, IID: int64(m.IID), Title: string(m.Title), URL: m.URL.link(), Labels: gitlabTitles(m.Labels),
		Author: gitlabPerson(src, m.AuthorID, actor, others...), State: gitlabState(m.State),
		TargetBranch: string(m.TargetBranch), OpenedAt: m.Created.Time, MergedAt: m.MergedAt.Time,
	}
}

// gitlabState returns the state of a merge request or an issue in the words of event.Target. What is open may also be
// reopened, in old versions, or locked while it is being merged.
func gitlabState(state text) string {
	switch state {
	case "", stateClosed, stateMerged:
		return string(state)
	default:
		return stateOpen
	}
}

type gitlabLabel struct {
	ID    id   `json:"id"`
	Title text `json:"title"`
}

func gitlabTitles(labels []gitlabLabel) []string {
	all := make([]text, len(labels))
	for i, label := range labels {
		all[i] = label.Title
	}
	return texts(all)
}
