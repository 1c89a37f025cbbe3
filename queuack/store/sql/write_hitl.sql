-- name: keep_old_questions
-- Questions of earlier tries, and their answers, before later ones take their place.
INSERT INTO hitl_detail_history (
    ti_history_id, options, subject, body, defaults, multiple, params, assignees, created_at, responded_at, responded_by,
    chosen_options, params_input, try_number
)
SELECT
    ti_id, options, subject, body, defaults, multiple, params, assignees, created_at, responded_at, responded_by,
    chosen_options, params_input, try_number
FROM hitl_detail h
JOIN (SELECT unnest($ti_id::BIGINT[]) AS id, unnest($try_number::INTEGER[]) AS later_try) u ON u.id = h.ti_id
WHERE h.try_number < u.later_try;

-- name: delete_questions
-- Questions by task instance.
DELETE FROM hitl_detail WHERE ti_id IN (SELECT unnest($ti_id::BIGINT[]));

-- name: insert_questions
-- What tasks ask; nobody has answered.
INSERT INTO hitl_detail (
    ti_id, try_number, options, subject, body, defaults, multiple, params, assignees, created_at, params_input
)
SELECT
    unnest($ti_id::BIGINT[]), unnest($try_number::INTEGER[]), unnest($options::VARCHAR[]),
    unnest($subject::VARCHAR[]), unnest($body::VARCHAR[]), unnest($defaults::VARCHAR[]), unnest($multiple::BOOLEAN[]),
    unnest($params::VARCHAR[]), unnest($assignees::VARCHAR[]), make_timestamptz(unnest($created_at::BIGINT[])), '{}';

-- name: update_answers
-- Answers, in the rows of their questions.
UPDATE hitl_detail SET
    responded_at = make_timestamptz(u.responded_at), responded_by = u.responded_by, chosen_options = u.chosen_options,
    params_input = u.params_input
FROM (
    SELECT
        unnest($ti_id::BIGINT[]) AS ti_id, unnest($responded_at::BIGINT[]) AS responded_at,
        unnest($responded_by::VARCHAR[]) AS responded_by, unnest($chosen_options::VARCHAR[]) AS chosen_options,
        unnest($params_input::VARCHAR[]) AS params_input
) u
WHERE hitl_detail.ti_id = u.ti_id;
