-- Feedback on patterns is brought up to date by publication, after each sync.

create index pattern_feedback_distribution on pattern_feedback (distribution_id);

comment on column platform_patterns.pattern_template is
    'timing: posting hours (pipeline/store/posting_hours.py); other types: conditions (pipeline/learning/patterns.py)';
comment on column pattern_feedback.pattern_applied is
    'whether the publication followed the pattern; settled when it is first fed, whatever the pattern becomes';
comment on column pattern_feedback.hour_of_day is 'in the account''s zone';
comment on column pattern_feedback.engagement_rate is 'engagements / impressions, a fraction of 1; null where unknown';
