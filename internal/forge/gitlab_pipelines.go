package forge

import (
	"slices"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabEnds are the states in which pipelines and deployments end, which are the vocabulary's own words. A pipeline that
// waits for somebody is "manual", which is no end.
var gitlabEnds = []text{statusSuccess, statusFailed, statusCanceled, statusSkipped}

// gitlabPipelineEvents reads pipelines that ended. One that is retried has the same id and ends again.
func gitlabPipelineEvents(src Source, req Request, _ *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody

		Attributes struct {
			ID       id      `json:"id"`
			IID      id      `json:"iid"`
			Name     text    `json:"name"`
			Ref      text    `json:"ref"`
			Status   text    `json:"status"`
			URL      text    `json:"url"`
			Created  moment  `json:"created_at"`
			Finished moment  `json:"finished_at"`
			Duration seconds `json:"duration"`
		} `json:"object_attributes"`
		Jobs list[struct {
			Runner struct {
				Tags list[text] `json:"tags"`
			} `json:"runner"`
		}] `json:"builds"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	pipeline := &body.Attributes
	switch {
	case !slices.Contains(gitlabEnds, pipeline.Status):
		return nil, nil
	case pipeline.ID == 0:
		return nil, &UnreadableError{Reason: "the pipeline has no id"}
	}
	body.project()
	ev := body.newEvent(src, event.PipelineFinished, firstTime(pipeline.Finished.Time, req.ReceivedAt),
		"pipeline:"+pipeline.ID.String(), string(pipeline.Status))
	ev.URL, ev.IID, ev.Title, ev.Ref = pipeline.URL.link(), int64(pipeline.IID), string(pipeline.Name), string(pipeline.Ref)
	ev.Status, ev.Duration, ev.OpenedAt = string(pipeline.Status), time.Duration(pipeline.Duration), pipeline.Created.Time
	var tags []text
	for _, job := range body.Jobs {
		tags = append(tags, job.Runner.Tags[:min(len(job.Runner.Tags), maxItems-len(tags))]...)
	}
	ev.RunnerTags = texts(tags)
	return []event.Event{ev}, nil
}

// seconds is a duration that is sent as a number of seconds; 0 when there is none.
type seconds time.Duration

// UnmarshalJSON never fails.
func (s *seconds) UnmarshalJSON(raw []byte) error {
	*s = 0
	const longest = 1e9 // more than thirty years
	if len(raw) > maxNumber {
		return nil
	}
	if number, err := strconv.ParseFloat(string(raw), 64); err == nil && number > 0 && number < longest {
		*s = seconds(number * float64(time.Second))
	}
	return nil
}

// gitlabDeploymentEvents reads deployments that ended.
func gitlabDeploymentEvents(src Source, req Request, _ *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody

		ID          id     `json:"deployment_id"`
		Status      text   `json:"status"`
		Changed     moment `json:"status_changed_at"`
		Job         text   `json:"deployable_url"`
		Environment text   `json:"environment"`
		Ref         text   `json:"ref"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(gitlabEnds, body.Status):
		return nil, nil
	case body.ID == 0:
		return nil, &UnreadableError{Reason: "the deployment has no id"}
	}
	body.project()
	ev := body.newEvent(src, event.DeploymentFinished, firstTime(body.Changed.Time, req.ReceivedAt), "deployment:"+body.ID.String(), string(body.Status))
	ev.URL, ev.Ref, ev.Status, ev.Environment = body.Job.link(), string(body.Ref), string(body.Status), string(body.Environment)
	return []event.Event{ev}, nil
}
