-- Which other post of the vertical has this target keyword already: asked whenever a post is checked.
create index publisher_posts_keyphrase on publisher_posts (vertical_id, lower(target_keyword))
    where target_keyword is not null;
