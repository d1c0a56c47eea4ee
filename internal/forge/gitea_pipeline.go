package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

// giteaActionsUser is the id of the user by which the forge's own Actions act.
const giteaActionsUser = -2

// giteaStatuses are how pipelines end: conclusions of workflow runs, statuses of Forgejo's runs, and states of commits.
// A warning counts as a success, as it does where the forge combines states.
var giteaStatuses = map[text]string{
	"success": statusSuccess, "warning": statusSuccess, "failure": statusFailed, "error": statusFailed,
	"cancelled": statusCanceled, "skipped": statusSkipped,
}

// giteaStatusEvents reads the state that a program outside of the forge gives a commit. The forge's own Actions give
// one for each job, and their workflow_run or action_run tells of these. States have ids of their own.
func giteaStatusEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		ID         id               `json:"id"`
		State      text             `json:"state"`
		Context    text             `json:"context"`
		URL        text             `json:"target_url"`
		Created    moment           `json:"created_at"`
		Updated    moment           `json:"updated_at"`
		Repository *giteaRepository `json:"repository"`
		Sender     *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.ID == 0 || giteaRepositoryID(body.Repository) == 0 {
		return nil, &UnreadableError{Reason: "the status has no id or no repository"}
	}
	if body.Sender != nil && body.Sender.ID == giteaActionsUser {
		return nil, nil
	}
	status := giteaStatuses[body.State]
	if status == "" {
		return nil, &UnknownError{Event: "status", Action: string(body.State)}
	}
	ev := newEvent(src, event.PipelineFinished, "pipeline:status:"+body.ID.String(), status)
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time = firstTime(body.Updated.Time, body.Created.Time, req.ReceivedAt)
	ev.URL, ev.Title, ev.Status, ev.OpenedAt = body.URL.link(), string(body.Context), status, body.Created.Time
	return []event.Event{ev}, nil
}

// giteaWorkflowRunEvents reads a run of Gitea's Actions.
func giteaWorkflowRunEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action text `json:"action"`
		Run    struct {
			ID         id     `json:"id"`
			Number     id     `json:"run_number"`
			Title      text   `json:"display_title"`
			URL        text   `json:"html_url"`
			Branch     text   `json:"head_branch"`
			Conclusion text   `json:"conclusion"`
			Started    moment `json:"started_at"`
			Completed  moment `json:"completed_at"`
		} `json:"workflow_run"`
		Repository *giteaRepository `json:"repository"`
		Sender     *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	run := &body.Run
	if run.ID == 0 || giteaRepositoryID(body.Repository) == 0 {
		return nil, &UnreadableError{Reason: "the workflow run has no id or no repository"}
	}
	status := giteaStatuses[run.Conclusion]
	if body.Action != "completed" || status == "" {
		return nil, &UnknownError{Event: "workflow_run", Action: string(body.Action)}
	}
	ev := newEvent(src, event.PipelineFinished, "pipeline:"+run.ID.String(), status)
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time = firstTime(run.Completed.Time, req.ReceivedAt)
	ev.URL, ev.IID, ev.Title, ev.Ref = run.URL.link(), int64(run.Number), string(run.Title), string(run.Branch)
	ev.Status, ev.OpenedAt, ev.Duration = status, run.Started.Time, between(run.Started, run.Completed)
	return []event.Event{ev}, nil
}

// giteaActionRunEvents reads a run of Forgejo's Actions. A success after a failure comes twice, by two names.
func giteaActionRunEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action text `json:"action"`
		Run    struct {
			ID         id               `json:"id"`
			Number     id               `json:"index_in_repo"`
			Title      text             `json:"title"`
			URL        text             `json:"html_url"`
			Ref        text             `json:"prettyref"`
			Status     text             `json:"status"`
			Created    moment           `json:"created"`
			Started    moment           `json:"started"`
			Stopped    moment           `json:"stopped"`
			User       *giteaUser       `json:"trigger_user"`
			Repository *giteaRepository `json:"repository"`
		} `json:"run"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	run := &body.Run
	if run.ID == 0 || giteaRepositoryID(run.Repository) == 0 {
		return nil, &UnreadableError{Reason: "the run has no id or no repository"}
	}
	status := giteaStatuses[run.Status]
	if status == "" {
		return nil, &UnknownError{Event: "action_run", Action: string(body.Action)}
	}
	ev := newEvent(src, event.PipelineFinished, "pipeline:"+run.ID.String(), status)
	giteaPlace(&ev, src, run.Repository, run.User)
	ev.Time = firstTime(run.Stopped.Time, req.ReceivedAt)
	ev.URL, ev.IID, ev.Title, ev.Ref = run.URL.link(), int64(run.Number), string(run.Title), string(run.Ref)
	ev.Status, ev.OpenedAt, ev.Duration = status, run.Created.Time, between(run.Started, run.Stopped)
	return []event.Event{ev}, nil
}
