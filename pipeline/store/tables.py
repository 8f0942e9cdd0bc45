"""The tables as SQLAlchemy Core sees them, for building statements: names, types and primary keys.

The schema is `sql/migrations`, with every constraint, default, index and trigger. That the two agree is checked
against a migrated database by `pipeline_tests/store/test_schema.py`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    FetchedValue,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
Instant = DateTime(timezone=True)


users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("email", Text),
    Column("full_name", Text),
    Column("roles", ARRAY(Text)),
    Column("is_person", Boolean),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("ciphertext", LargeBinary),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

publisher_verticals = Table(
    "publisher_verticals",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("slug", Text),
    Column("name", Text),
    Column("description", Text),
    Column("base_url", Text),
    Column("language", Text),
    Column("timezone", Text),
    Column("voice_profile", JSONB),
    Column("is_active", Boolean),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("site_buffer_minutes", Integer),
    Column("story_spacing_minutes", Integer),
    Column("topic_gap_hours", Integer),
    Column("paused_at", Instant),
    Column("pause_reason", Text),
)

content_sources = Table(
    "content_sources",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("kind", Text),
    Column("location", Text),
    Column("column_mapping", JSONB),
    Column("vertical_id", Uuid),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("is_active", Boolean),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

raw_content = Table(
    "raw_content",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("source_id", Uuid),
    Column("external_id", Text),
    Column("account", Text),
    Column("title", Text),
    Column("caption", Text),
    Column("description", Text),
    Column("url", Text),
    Column("author", Text),
    Column("language", Text),
    Column("media_urls", ARRAY(Text)),
    Column("posted_at", Instant),
    Column("reach", BigInteger),
    Column("engagements", BigInteger),
    Column("likes", BigInteger),
    Column("comments", BigInteger),
    Column("shares", BigInteger),
    Column("engagement_rate", Numeric),
    Column("engagement_percentile", Numeric),
    Column("content_hash", Text),
    Column("raw", JSONB),
    Column("canonical_id", Text),
    Column("story_attempts", Integer),
    Column("story_lease_until", Instant),
    Column("story_error", Text),
    Column("hook_strength", SmallInteger),
    Column("is_candidate", Boolean, server_default=FetchedValue()),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

ingest_runs = Table(
    "ingest_runs",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("source_id", Uuid),
    Column("status", Text),
    Column("rows_read", Integer),
    Column("rows_new", Integer),
    Column("rows_changed", Integer),
    Column("rows_unchanged", Integer),
    Column("rows_bad", Integer),
    Column("error", Text),
    Column("started_at", Instant),
    Column("finished_at", Instant),
)

ingest_errors = Table(
    "ingest_errors",
    metadata,
    Column("run_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("reason", Text),
    Column("raw", Text),
)

content_analysis = Table(
    "content_analysis",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("content_id", Uuid),
    Column("topics", ARRAY(Text)),
    Column("extracted_facts", JSONB),
    Column("hook_strength", SmallInteger),
    Column("language", Text),
    Column("entities", ARRAY(Text)),
    Column("model", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("canonical_id", Text),
    Column("created_at", Instant),
)

story_items = Table(
    "story_items",
    metadata,
    Column("content_id", Uuid, primary_key=True),
    Column("story_id", Uuid),
    Column("digest", Text),
    Column("bands", ARRAY(BigInteger)),
)

source_checks = Table(
    "source_checks",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("content_hash", Text),
    Column("findings", JSONB),
    Column("created_at", Instant),
)

content_templates = Table(
    "content_templates",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("version", Integer),
    Column("output_type", Text),
    Column("system_prompt", Text),
    Column("user_prompt_template", Text),
    Column("model_name", Text),
    Column("max_tokens", Integer),
    Column("temperature", Numeric),
    Column("is_active", Boolean),
    Column("created_at", Instant),
)

post_media = Table(
    "post_media",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("position", SmallInteger),
    Column("kind", Text),
    Column("mime_type", Text),
    Column("url", Text),
    Column("sha256", Text),
    Column("bytes", BigInteger),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration_seconds", Double),
    Column("alt_text", Text),
    Column("created_at", Instant),
)

generated_content = Table(
    "generated_content",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("source_content_id", Uuid),
    Column("template_id", Uuid),
    Column("content_type", Text),
    Column("title", Text),
    Column("content", Text),
    Column("excerpt", Text),
    Column("meta_title", Text),
    Column("meta_description", Text),
    Column("word_count", Integer),
    Column("reading_time", Integer),
    Column("metadata", JSONB),
    Column("model", Text),
    Column("input_hash", Text),
    Column("business_unit", Text),
    Column("created_at", Instant),
)

publisher_posts = Table(
    "publisher_posts",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("canonical_id", Text),
    Column("vertical_id", Uuid),
    Column("author_id", Uuid),
    Column("content_type", Text),
    Column("title", Text),
    Column("slug", Text),
    Column("content", Text),
    Column("excerpt", Text),
    Column("status", Text),
    Column("meta_title", Text),
    Column("meta_description", Text),
    Column("target_keyword", Text),
    Column("keywords", ARRAY(Text)),
    Column("featured_image_url", Text),
    Column("content_hash", Text),
    Column("ai_generated", Boolean),
    Column("ai_model", Text),
    Column("source_content_id", Uuid),
    Column("generated_content_id", Uuid),
    Column("human_reviewed", Boolean),
    Column("reviewed_by", Uuid),
    Column("reviewed_at", Instant),
    Column("scheduled_at", Instant),
    Column("published_at", Instant),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("platforms", ARRAY(Text)),
    Column("language", Text),
    Column("canonical_url", Text),
    Column("repurposed_from", Uuid),
    Column("repurposed_as", Text),
    Column("credit", JSONB),
    Column("expires_at", Instant),
    Column("is_evergreen", Boolean, server_default=FetchedValue()),
    Column("campaign_id", Uuid),
    Column("account_id", Uuid),
)

post_transitions = Table(
    "post_transitions",
    metadata,
    Column("from_status", Text, primary_key=True),
    Column("to_status", Text, primary_key=True),
)

post_events = Table(
    "post_events",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("from_status", Text),
    Column("to_status", Text),
    Column("actor", Text),
    Column("at", Instant),
    Column("note", Text),
)

post_revisions = Table(
    "post_revisions",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", Text),
    Column("content", Text),
    Column("excerpt", Text),
    Column("meta_title", Text),
    Column("meta_description", Text),
    Column("target_keyword", Text),
    Column("content_hash", Text),
    Column("actor", Text),
    Column("at", Instant),
)

review_checks = Table(
    "review_checks",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("item", Text),
    Column("content_hash", Text),
    Column("findings", JSONB),
    Column("checked_by", Uuid),
    Column("note", Text),
    Column("at", Instant),
)

seo_reports = Table(
    "seo_reports",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("content_hash", Text),
    Column("score", SmallInteger),
    Column("findings", JSONB),
    Column("created_at", Instant),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("reviewer_id", Uuid),
    Column("decision", Text),
    Column("note", Text),
    Column("content_hash", Text),
    Column("decided_at", Instant),
    Column("revision", Integer),
)

publisher_post_analytics = Table(
    "publisher_post_analytics",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("date", Date),
    Column("views", BigInteger),
    Column("unique_visitors", BigInteger),
    Column("avg_time_on_page", Numeric),
    Column("bounce_rate", Numeric),
    Column("scroll_depth_avg", Numeric),
    Column("engagement_score", Numeric),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("source_id", Uuid),
)

analytics_sources = Table(
    "analytics_sources",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("source_key", Text),
    Column("kind", Text),
    Column("platform_id", Uuid),
    Column("config", JSONB),
    Column("credentials_secret_id", Text),
    Column("is_active", Boolean),
    Column("counts_since", Date),
    Column("complete_through", Date),
    Column("not_before", Instant),
    Column("last_synced_at", Instant),
    Column("last_error", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

page_readings = Table(
    "page_readings",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("source_id", Uuid),
    Column("date", Date),
    Column("read_at", Instant),
    Column("views", BigInteger),
    Column("unique_visitors", BigInteger),
    Column("avg_time_on_page", Numeric),
    Column("bounce_rate", Numeric),
    Column("scroll_depth_avg", Numeric),
)

page_views = Table(
    "page_views",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("platform_id", Uuid),
    Column("post_id", Uuid),
    Column("path", Text),
    Column("visitor", Text),
    Column("referrer_host", Text),
    Column("utm_source", Text),
    Column("utm_medium", Text),
    Column("utm_campaign", Text),
    Column("utm_content", Text),
    Column("distribution_id", Uuid),
    Column("seconds", Numeric),
    Column("scroll", Numeric),
    Column("source", Text),
)

visitor_salts = Table(
    "visitor_salts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("salt", LargeBinary),
    Column("created_at", Instant),
)

log_readings = Table(
    "log_readings",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("first_line", Text),
    Column("read_to", BigInteger),
    Column("last_line", Text),
    Column("lines", BigInteger),
    Column("views", BigInteger),
    Column("updated_at", Instant),
)

published_phrases = Table(
    "published_phrases",
    metadata,
    Column("vertical_id", Uuid, primary_key=True),
    Column("phrase", Text, primary_key=True),
    Column("post_id", Uuid, primary_key=True),
)

affiliate_products = Table(
    "affiliate_products",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("vertical_id", Uuid),
    Column("name", Text),
    Column("merchant", Text),
    Column("affiliate_url", Text),
    Column("keywords", ARRAY(Text)),
    Column("is_active", Boolean),
    Column("priority", Integer),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

ai_usage = Table(
    "ai_usage",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("task", Text),
    Column("provider", Text),
    Column("model", Text),
    Column("input_tokens", Integer),
    Column("cached_input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_usd", Numeric),
    Column("latency_ms", Integer),
    Column("outcome", Text),
    Column("error", Text),
    Column("canonical_id", Text),
    Column("vertical_id", Uuid),
    Column("created_at", Instant),
    Column("attempt", SmallInteger),
    Column("most_usd", Numeric),
    Column("price_list", Text),
    Column("input_usd_per_million", Numeric),
    Column("cached_input_usd_per_million", Numeric),
    Column("output_usd_per_million", Numeric),
    Column("answer_key", Text),
    Column("content_id", Uuid),
)

post_rewrites = Table(
    "post_rewrites",
    metadata,
    Column("review_id", BigInteger, primary_key=True),
    Column("post_id", Uuid),
    Column("attempts", SmallInteger),
    Column("lease_until", Instant),
    Column("error", Text),
    Column("created_at", Instant),
)

ai_answers = Table(
    "ai_answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("model", Text),
    Column("answer", Text),
    Column("truncated", Boolean),
    Column("used_again", Integer),
    Column("created_at", Instant),
)

ai_calls = Table(
    "ai_calls",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("task", Text),
    Column("provider", Text),
    Column("model", Text),
    Column("attempt", SmallInteger),
    Column("most_usd", Numeric),
    Column("canonical_id", Text),
    Column("vertical_id", Uuid),
    Column("started_at", Instant),
    Column("ends_before", Instant),
    Column("content_id", Uuid),
)

ai_budgets = Table(
    "ai_budgets",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("vertical_id", Uuid),
    Column("period", Text),
    Column("most_usd", Numeric),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

ai_prices = Table(
    "ai_prices",
    metadata,
    Column("model", Text, primary_key=True),
    Column("input_usd_per_million", Numeric),
    Column("cached_input_usd_per_million", Numeric),
    Column("output_usd_per_million", Numeric),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

platforms = Table(
    "platforms",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("account_key", Text),
    Column("state", Text),
    Column("state_reason", Text),
    Column("timezone", Text),
    Column("vertical_id", Uuid),
    Column("max_content_length", Integer),
    Column("max_title_length", Integer),
    Column("publish_config", JSONB),
    Column("webhook_url", Text),
    Column("credentials_secret_id", Text),
    Column("posts_per_hour", Integer),
    Column("posts_per_day", Integer),
    Column("min_interval_minutes", Integer),
    Column("lateness_policy", Text),
    Column("max_lateness_minutes", Integer),
    Column("supports_scheduling", Boolean),
    Column("supports_editing", Boolean),
    Column("supports_deletion", Boolean),
    Column("supports_analytics", Boolean),
    Column("account_id", Text),
    Column("account_name", Text),
    Column("followers_count", Integer),
    Column("last_published_at", Instant),
    Column("last_metrics_sync_at", Instant),
    Column("api_errors_24h", Integer),
    Column("held_until", Instant),
    Column("is_home", Boolean),
    Column("quota_remaining", Integer),
    Column("quota_reported_at", Instant),
    Column("quota_resets_at", Instant),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("hand_over_ahead_minutes", Integer),
    Column("metrics_budget_usd", Numeric),
    Column("metrics_retry_at", Instant),
    Column("short_links", Boolean, server_default=FetchedValue()),
)

cross_post_groups = Table(
    "cross_post_groups",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("source_content_id", Uuid),
    Column("timing_strategy", Text),
    Column("stagger_minutes", Integer),
    Column("status", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

distributions = Table(
    "distributions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("post_id", Uuid),
    Column("content_id", Uuid),
    Column("content_type", Text),
    Column("platform_id", Uuid),
    Column("title", Text),
    Column("body", Text),
    Column("media_urls", ARRAY(Text)),
    Column("link_url", Text),
    Column("platform_specific", JSONB),
    Column("content_hash", Text),
    Column("review_id", BigInteger),
    Column("scheduled_for", Instant),
    Column("scheduled_local", DateTime),
    Column("timezone", Text),
    Column("status", Text),
    Column("published_at", Instant),
    Column("external_id", Text),
    Column("external_url", Text),
    Column("error_message", Text),
    Column("retry_count", Integer),
    Column("last_retry_at", Instant),
    Column("next_attempt_at", Instant),
    Column("lease_token", BigInteger),
    Column("lease_until", Instant),
    Column("leased_by", Text),
    Column("settle_until", Instant),
    Column("reconcile_at", Instant),
    Column("person_asked_at", Instant),
    Column("hold_reason", Text),
    Column("lateness_policy", Text),
    Column("impressions", BigInteger),
    Column("reach", BigInteger),
    Column("engagements", BigInteger),
    Column("clicks", BigInteger),
    Column("shares", BigInteger),
    Column("comments", BigInteger),
    Column("likes", BigInteger),
    Column("saves", BigInteger),
    Column("engagement_rate", Numeric),
    Column("click_through_rate", Numeric),
    Column("metrics_state", Text),
    Column("next_metrics_at", Instant),
    Column("variant_group", Text),
    Column("is_control", Boolean),
    Column("cross_post_group_id", Uuid),
    Column("business_unit", Text),
    Column("vertical_id", Uuid),
    Column("client_id", Uuid),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("taken_down_at", Instant),
    Column("takedown_error", Text),
    Column("is_pinned", Boolean),
    Column("handed_over_for", Instant),
    Column("calendar_sequence", Integer, server_default=FetchedValue()),
    Column("calendar_changed_at", Instant, server_default=FetchedValue()),
    Column("video_views", BigInteger),
    Column("video_watch_time_seconds", BigInteger),
    Column("metrics_at", Instant),
    Column("link_code", Text, server_default=FetchedValue()),
)

distribution_transitions = Table(
    "distribution_transitions",
    metadata,
    Column("from_status", Text, primary_key=True),
    Column("to_status", Text, primary_key=True),
)

distribution_events = Table(
    "distribution_events",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("from_status", Text),
    Column("to_status", Text),
    Column("reason", Text),
    Column("actor", Text),
    Column("at", Instant),
)

publish_attempts = Table(
    "publish_attempts",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("platform_id", Uuid),
    Column("lease_token", BigInteger),
    Column("worker", Text),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("outcome", Text),
    Column("error_kind", Text),
    Column("error_code", Text),
    Column("http_status", Integer),
    Column("error_message", Text),
    Column("retry_at", Instant),
)

publish_handles = Table(
    "publish_handles",
    metadata,
    Column("distribution_id", Uuid, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("handle", Text),
    Column("recorded_at", Instant),
)

handovers = Table(
    "handovers",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("platform_id", Uuid),
    Column("held_for", Instant),
    Column("content_hash", Text),
    Column("begun_at", Instant),
    Column("held_since", Instant),
    Column("external_id", Text),
    Column("external_url", Text),
    Column("token", BigInteger),
    Column("rest_until", Instant),
    Column("look_at", Instant),
    Column("settle_until", Instant),
    Column("seen_at", Instant),
    Column("failures", Integer),
    Column("ended_at", Instant),
    Column("ended_as", Text),
    Column("reason", Text),
    Column("again_at", Instant),
)

review_versions = Table(
    "review_versions",
    metadata,
    Column("review_id", BigInteger, primary_key=True),
    Column("distribution_id", Uuid, primary_key=True),
    Column("content_hash", Text),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("vertical_id", Uuid),
    Column("begins", Instant),
    Column("ends", Instant),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

posting_rules = Table(
    "posting_rules",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("rrule", Text),
    Column("times", ARRAY(Time)),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("slot_type", Text),
    Column("is_locked", Boolean),
    Column("campaign_id", Uuid),
    Column("is_default", Boolean),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

quiet_hours = Table(
    "quiet_hours",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("days", ARRAY(SmallInteger)),
    Column("begins", Time),
    Column("ends", Time),
    Column("created_at", Instant),
)

blackouts = Table(
    "blackouts",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("begins", DateTime),
    Column("ends", DateTime),
    Column("reason", Text),
    Column("created_at", Instant),
)

holiday_calendars = Table(
    "holiday_calendars",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("country", Text),
    Column("subdivision", Text),
    Column("created_at", Instant),
)

calendar_horizons = Table(
    "calendar_horizons",
    metadata,
    Column("platform_id", Uuid, primary_key=True),
    Column("timezone", Text),
    Column("until", Instant),
    Column("synced_at", Instant),
)

publishing_calendar = Table(
    "publishing_calendar",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("date", Date),
    Column("time_slot", Time),
    Column("timezone", Text),
    Column("starts_at", Instant),
    Column("platform_id", Uuid),
    Column("distribution_id", Uuid),
    Column("slot_type", Text),
    Column("is_locked", Boolean),
    Column("recurring_pattern", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("rule_id", Uuid),
    Column("campaign_id", Uuid),
    Column("lock_set_by", Text),
)

schedule_plans = Table(
    "schedule_plans",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("made_at", Instant),
    Column("made_by", Text),
    Column("begins", Instant),
    Column("ends", Instant),
    Column("entries", JSONB),
    Column("applied_at", Instant),
    Column("applied_by", Text),
)

schedule_plan_moves = Table(
    "schedule_plan_moves",
    metadata,
    Column("plan_id", BigInteger, primary_key=True),
    Column("distribution_id", Uuid, primary_key=True),
    Column("post_id", Uuid),
    Column("from_at", Instant),
    Column("to_at", Instant),
    Column("moved_at", Instant),
    Column("refused_at", Instant),
    Column("refusal", Text),
)

recycling_rules = Table(
    "recycling_rules",
    metadata,
    Column("vertical_id", Uuid, primary_key=True),
    Column("min_age_days", Integer),
    Column("gap_days", Integer),
    Column("most_per_week", Integer),
    Column("most_times", Integer),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

recycling_accounts = Table(
    "recycling_accounts",
    metadata,
    Column("vertical_id", Uuid, primary_key=True),
    Column("platform_id", Uuid, primary_key=True),
)

recycling_refusals = Table(
    "recycling_refusals",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("platform_id", Uuid, primary_key=True),
    Column("reason", Text),
    Column("at", Instant),
)

calendar_feed = Table(
    "calendar_feed",
    metadata,
    Column("is_only", Boolean, primary_key=True, server_default=FetchedValue()),
    Column("token", Text),
    Column("created_at", Instant, server_default=FetchedValue()),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("topic", Text),
    Column("idempotency_key", Text),
    Column("payload", JSONB),
    Column("available_at", Instant),
    Column("attempts", Integer),
    Column("delivered_at", Instant),
    Column("last_error", Text),
    Column("given_up_at", Instant),
    Column("created_at", Instant),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("started_at", Instant),
    Column("seen_at", Instant),
)

distribution_warnings = Table(
    "distribution_warnings",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("kind", Text),
    Column("message", Text),
    Column("raised_at", Instant),
    Column("resolved_at", Instant),
)

distribution_checks = Table(
    "distribution_checks",
    metadata,
    Column("distribution_id", Uuid, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("scheduled_for", Instant, primary_key=True),
    Column("checked_at", Instant),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("kind", Text),
    Column("subject", Text),
    Column("message", Text),
    Column("raised_at", Instant),
    Column("last_seen_at", Instant),
    Column("times", Integer),
    Column("resolved_at", Instant),
)

distribution_metrics = Table(
    "distribution_metrics",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("distribution_id", Uuid),
    Column("recorded_at", Instant),
    Column("recorded_hour", Instant, primary_key=True),
    Column("hours_since_publish", Integer),
    Column("impressions", BigInteger),
    Column("reach", BigInteger),
    Column("engagements", BigInteger),
    Column("clicks", BigInteger),
    Column("shares", BigInteger),
    Column("comments", BigInteger),
    Column("likes", BigInteger),
    Column("saves", BigInteger),
    Column("video_views", BigInteger),
    Column("video_watch_time_seconds", BigInteger),
    Column("followers_gained", Integer),
    Column("followers_lost", Integer),
    Column("platform_metrics", JSONB),
)

analysis_holds = Table(
    "analysis_holds",
    metadata,
    Column("vertical_id", Uuid, primary_key=True),
    Column("until", Instant),
    Column("needs_usd", Numeric),
    Column("created_at", Instant),
)

account_snapshots = Table(
    "account_snapshots",
    metadata,
    Column("platform_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("followers", BigInteger),
    Column("counted_at", Instant),
    Column("gained", Integer),
    Column("lost", Integer),
    Column("updated_at", Instant),
)

distribution_age_figures = Table(
    "distribution_age_figures",
    metadata,
    Column("distribution_id", Uuid, primary_key=True),
    Column("age_hours", SmallInteger, primary_key=True),
    Column("platform_id", Uuid),
    Column("published_at", Instant),
    Column("measured_age_hours", Numeric),
    Column("impressions", BigInteger),
    Column("reach", BigInteger),
    Column("engagements", BigInteger),
    Column("clicks", BigInteger),
    Column("shares", BigInteger),
    Column("comments", BigInteger),
    Column("likes", BigInteger),
    Column("saves", BigInteger),
    Column("video_views", BigInteger),
    Column("video_watch_time_seconds", BigInteger),
    Column("followers_gained", Integer),
    Column("followers_lost", Integer),
)

distribution_metrics_daily = Table(
    "distribution_metrics_daily",
    metadata,
    Column("distribution_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("recorded_at", Instant),
    Column("hours_since_publish", Integer),
    Column("impressions", BigInteger),
    Column("reach", BigInteger),
    Column("engagements", BigInteger),
    Column("clicks", BigInteger),
    Column("shares", BigInteger),
    Column("comments", BigInteger),
    Column("likes", BigInteger),
    Column("saves", BigInteger),
    Column("video_views", BigInteger),
    Column("video_watch_time_seconds", BigInteger),
    Column("followers_gained", Integer),
    Column("followers_lost", Integer),
)

metrics_days_kept = Table(
    "metrics_days_kept",
    metadata,
    Column("day", Date, primary_key=True),
    Column("publications", Integer),
    Column("kept_at", Instant),
)

metrics_reads = Table(
    "metrics_reads",
    metadata,
    Column("platform_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", Integer),
    Column("publications", Integer),
    Column("usd", Numeric),
)

platform_patterns = Table(
    "platform_patterns",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("pattern_type", Text),
    Column("pattern_name", Text),
    Column("pattern_template", JSONB),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

pattern_feedback = Table(
    "pattern_feedback",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("pattern_id", Uuid),
    Column("content_id", Uuid),
    Column("distribution_id", Uuid),
    Column("pattern_applied", Boolean),
    Column("impressions", BigInteger),
    Column("engagements", BigInteger),
    Column("clicks", BigInteger),
    Column("shares", BigInteger),
    Column("engagement_rate", Numeric),
    Column("posted_at", Instant),
    Column("day_of_week", SmallInteger),
    Column("hour_of_day", SmallInteger),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

short_links = Table(
    "short_links",
    metadata,
    Column("code", Text, primary_key=True),
    Column("target_url", Text),
    Column("distribution_id", Uuid),
    Column("post_id", Uuid),
    Column("created_at", Instant),
)

link_clicks = Table(
    "link_clicks",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("code", Text),
    Column("at", Instant),
    Column("visitor", Text),
    Column("referrer_host", Text),
)

exchange_rates = Table(
    "exchange_rates",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("usd_per_unit", Numeric),
    Column("source", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

conversions = Table(
    "conversions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("source", Text),
    Column("external_id", Text),
    Column("occurred_at", Instant),
    Column("received_at", Instant),
    Column("told_at", Instant),
    Column("kind", Text),
    Column("value", Numeric),
    Column("currency", Text),
    Column("usd", Numeric),
    Column("visitor", Text),
    Column("click_code", Text),
    Column("distribution_id", Uuid),
    Column("post_id", Uuid),
    Column("utm_source", Text),
    Column("utm_medium", Text),
    Column("utm_campaign", Text),
    Column("utm_content", Text),
    Column("status", Text),
    Column("detail", JSONB),
    Column("revision", Integer, server_default=FetchedValue()),
    Column("updated_at", Instant),
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text),
    Column("platform_id", Uuid),
    Column("varies", Text),
    Column("hypothesis", Text),
    Column("metric", Text),
    Column("horizon_hours", Integer),
    Column("method", Text),
    Column("error_level", Numeric),
    Column("margin", Numeric),
    Column("most_posts", Integer),
    Column("spread", Numeric),
    Column("prior_successes", Numeric),
    Column("prior_failures", Numeric),
    Column("overdispersion", Numeric),
    Column("seed", BigInteger),
    Column("split", JSONB),
    Column("applies_winner", Boolean),
    Column("status", Text),
    Column("created_at", Instant),
    Column("created_by", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("verdict", Text),
    Column("winner_id", Uuid),
    Column("reason", Text),
    Column("applied_at", Instant),
)

experiment_arms = Table(
    "experiment_arms",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("experiment_id", Uuid),
    Column("name", Text),
    Column("place", Integer),
    Column("treatment", JSONB),
)

experiment_words = Table(
    "experiment_words",
    metadata,
    Column("experiment_id", Uuid, primary_key=True),
    Column("arm_id", Uuid, primary_key=True),
    Column("post_id", Uuid, primary_key=True),
    Column("words", Text),
)

experiment_units = Table(
    "experiment_units",
    metadata,
    Column("experiment_id", Uuid, primary_key=True),
    Column("post_id", Uuid, primary_key=True),
    Column("turn", Integer),
    Column("arm_id", Uuid),
    Column("probability", Numeric),
    Column("assigned_at", Instant),
)

experiment_outcomes = Table(
    "experiment_outcomes",
    metadata,
    Column("experiment_id", Uuid, primary_key=True),
    Column("post_id", Uuid, primary_key=True),
    Column("arm_id", Uuid, primary_key=True),
    Column("amount", Numeric),
    Column("exposure", Numeric),
    Column("measured_at", Instant),
    Column("lost", Text),
)

experiment_looks = Table(
    "experiment_looks",
    metadata,
    Column("experiment_id", Uuid, primary_key=True),
    Column("measured", Integer, primary_key=True),
    Column("at", Instant),
    Column("found", JSONB),
)

attribution_settings = Table(
    "attribution_settings",
    metadata,
    Column("is_only", Boolean, primary_key=True),
    Column("look_back_days", Integer),
    Column("half_life_days", Numeric),
    Column("updated_at", Instant),
)

attribution_due = Table(
    "attribution_due",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("conversion_id", Uuid),
)

attribution_credits = Table(
    "attribution_credits",
    metadata,
    Column("conversion_id", Uuid, primary_key=True),
    Column("touch", Integer, primary_key=True),
    Column("month", Date),
    Column("at", Instant),
    Column("channel", Text),
    Column("distribution_id", Uuid),
    Column("post_id", Uuid),
    Column("first", Numeric),
    Column("last", Numeric),
    Column("linear", Numeric),
    Column("time_decay", Numeric),
    Column("position", Numeric),
    Column("shapley", Numeric),
)

attributed_months = Table(
    "attributed_months",
    metadata,
    Column("month", Date),
    Column("model", Text),
    Column("channel", Text),
    Column("distribution_id", Uuid),
    Column("post_id", Uuid),
    Column("conversions", Numeric),
    Column("pending", Numeric),
    Column("unvalued", Numeric),
    Column("usd", Numeric),
    Column("pending_usd", Numeric),
)

attribution_stale_months = Table(
    "attribution_stale_months",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("month", Date),
)

platform_fees = Table(
    "platform_fees",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("platform_id", Uuid),
    Column("kind", Text),
    Column("usd", Numeric),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("note", Text),
    Column("created_at", Instant),
    Column("updated_at", Instant),
)

publication_costs = Table(
    "publication_costs",
    metadata,
    Column("distribution_id", Uuid, primary_key=True),
    Column("usd", Numeric),
    Column("basis", Text),
    Column("booked_at", Instant),
)

account_months = Table(
    "account_months",
    metadata,
    Column("platform_id", Uuid, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("publications", Integer),
    Column("fees_usd", Numeric),
    Column("reading_usd", Numeric),
)

other_costs = Table(
    "other_costs",
    metadata,
    Column("id", BigInteger, primary_key=True, server_default=FetchedValue()),
    Column("day", Date),
    Column("usd", Numeric),
    Column("what", Text),
    Column("post_id", Uuid),
    Column("platform_id", Uuid),
    Column("vertical_id", Uuid),
    Column("created_at", Instant),
)
