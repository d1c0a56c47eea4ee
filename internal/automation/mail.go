package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/job"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/store"
)

// JobAwardMail is the kind of job that sends one mail.
const JobAwardMail = "award.mail"

const (
	// mailAttempts spans about three days with the pauses that MailWorker makes.
	mailAttempts = 80
	// mailPatience bounds the sending of one batch, and what a stop waits for it. A mail that is given
	// up while the server takes it is sent twice.
	mailPatience = time.Minute
)

// MailWorker is how jobs of mails are done: few at once, each leased for longer than it may take, so that no mail is
// sent by two at a time, and not for much longer, so that the mails of a server that was killed come soon.
func MailWorker() job.Config {
	return job.Config{Batch: 5, Lease: mailPatience + 15*time.Second, FirstRetry: 30 * time.Second, LastRetry: time.Hour}
}

// post leaves a job for each mail that is to be sent, of the notices by their awards. The job's key keeps an award from being mailed
// twice, however often it is told of.
func (a *Automation) post(ctx context.Context, notices map[int64]notify.Notice) error {
	if a.mail == nil {
		return nil
	}
	var jobs []store.Job
	for _, awardID := range slices.Sorted(maps.Keys(notices)) {
		notice := notices[awardID]
		if !notice.Wanted() {
			continue
		}
		args, err := json.Marshal(Announcement{AwardID: notice.Award.ID})
		if err != nil {
			return fmt.Errorf("encoding a job: %w", err)
		}
		jobs = append(jobs, store.Job{
			Kind: JobAwardMail, UniqueKey: fmt.Sprintf("%s:%d", JobAwardMail, notice.Award.ID), Args: args,
			RunAt: a.now(), MaxAttempts: mailAttempts,
		})
	}
	if len(jobs) == 0 {
		return nil
	}
	if a.announce != nil {
		defer a.announce()
	}
	return a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.EnqueueJobs(ctx, jobs) })
}

// Mail does jobs of mails. What the mail server refuses for now is tried again, what it refuses for
// good is parked. An award that was taken away meanwhile, or whose recipient wants no mail any more,
// is not told of.
func (a *Automation) Mail(ctx context.Context, jobs []store.Job) map[int64]error {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	awards, failures := awardsOf(jobs)
	notices, err := a.notices(ctx, awards)
	var by secrets
	if err == nil {
		by, err = a.secrets(ctx)
	}
	if err != nil {
		return failAll(jobs, err)
	}
	var letters []notify.Letter
	var ids []int64
	for _, of := range awards {
		notice, stands := notices[of.AwardID]
		if !stands || !notice.Wanted() {
			continue
		}
		ids = append(ids, of.jobID)
		letters = append(letters, a.letter(notice, by))
	}
	if len(letters) == 0 {
		return failures
	}
	for i, failure := range a.mail.Send(ctx, letters) {
		outcome := "sent"
		if undeliverable, ok := errors.AsType[*notify.Undeliverable](failure); ok {
			outcome, failure = "undeliverable", job.Permanently(undeliverable)
		} else if failure != nil {
			outcome = "failed"
		}
		a.metrics.mails.WithLabelValues(outcome).Inc()
		if failure != nil {
			failures[ids[i]] = fmt.Errorf("the mail of award %d was not sent: %w", letters[i].Award.ID, failure)
		}
	}
	return failures
}

// letter returns the mail of a notice. The link that accepts an award is good from now on: an award that a rule gives for
// what happened long ago is as old as that.
func (a *Automation) letter(notice notify.Notice, by secrets) notify.Letter {
	letter := notify.Letter{Notice: notice, Unsubscribe: notify.ForUser(by.unsubscribing, notice.User.ID), Date: a.now()}
	if a.accepting && !notice.Award.ShowOnProfile {
		letter.Accept = notify.ForAward(by.accepting, notice.Award.ID, a.now().Add(notify.AcceptWithin))
	}
	return letter
}

// secrets are what the links of mails are made with.
type secrets struct{ unsubscribing, accepting []byte }

func (a *Automation) secrets(ctx context.Context) (s secrets, err error) {
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if s.unsubscribing, err = tx.Secret(ctx, notify.SecretName, notify.SecretSize); err != nil || !a.accepting {
			return err
		}
		s.accepting, err = tx.Secret(ctx, notify.AcceptSecretName, notify.SecretSize)
		return err
	})
	return s, err
}

func failAll(jobs []store.Job, err error) map[int64]error {
	failures := make(map[int64]error, len(jobs))
	for i := range jobs {
		failures[jobs[i].ID] = err
	}
	return failures
}
