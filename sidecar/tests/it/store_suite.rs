//! What every store promises. A claim is a function over any store; [`store_suite`] makes tests of all of them for
//! one way of opening a store.

pub(crate) mod admin;
pub(crate) mod fixtures;
pub(crate) mod intake;
pub(crate) mod keeping;
pub(crate) mod progress;
pub(crate) mod projects;
pub(crate) mod property;
pub(crate) mod queue;
pub(crate) mod resend;

/// Makes a test of every claim. The expression opens an empty store: it gives the store and whatever must outlive
/// it, such as a directory.
macro_rules! store_suite {
    ($open:expr) => {
        $crate::store_suite::store_claims! { $open;
            intake::a_call_is_known_after_its_first_piece,
            intake::a_repeat_changes_nothing,
            intake::pieces_in_any_order_give_one_call,
            intake::legs_out_of_order_are_a_repeat_all_the_same,
            intake::the_same_id_in_two_projects_is_two_calls,
            intake::a_recording_opens_a_written_call_again,
            intake::what_a_person_dropped_stays_dropped,
            intake::the_day_of_a_call_is_the_day_of_its_first_piece,
            intake::the_latest_trace_is_kept,
            queue::one_call_per_lane_in_order_of_acceptance,
            queue::busy_lanes_are_left_out,
            queue::live_calls_go_before_backlog,
            queue::live_calls_are_given_without_the_backlog_when_only_they_are_wanted,
            queue::a_live_call_takes_its_lane_s_backlog_along,
            queue::a_retry_holds_its_lane_back,
            queue::waiting_for_facts_does_not_hold_the_lane_back,
            queue::facts_waited_for_make_the_call_due,
            queue::a_call_that_changes_lanes_sets_its_old_lane_free,
            queue::the_next_due_time_passes_over_calls_behind_a_retry,
            queue::a_call_put_back_between_others_leaves_no_head_behind_a_retry,
            queue::many_lanes_due_are_still_answered_in_order,
            queue::a_call_is_never_due_before_its_time,
            progress::progress_is_read_back_as_it_was_stored,
            progress::what_is_not_told_is_kept,
            progress::an_amendment_during_delivery_keeps_the_call_waiting,
            progress::a_call_dropped_during_delivery_stays_dropped,
            progress::a_call_dropped_while_it_was_written_is_finished,
            progress::own_records_are_kept_per_lane_and_replaced_by_id,
            progress::the_latest_talk_counts_not_the_latest_delivery,
            progress::the_latest_write_of_a_project_is_known,
            progress::progress_of_an_unknown_call_is_an_error,
            admin::lists_go_on_from_a_position,
            admin::filters_find_by_state_reason_trouble_time_and_id,
            admin::requeued_calls_are_forgiven_and_go_behind,
            admin::requeueing_opens_the_window_s_skips_only_when_named,
            admin::a_requeued_call_does_not_hold_a_live_one_up,
            admin::skipping_spares_what_is_on_its_way_into_the_crm,
            admin::skipping_frees_the_lane,
            admin::changes_of_many_calls_reach_all_of_them,
            admin::the_ledger_balances_by_day,
            admin::connections_and_tokens_are_kept_per_project,
            admin::the_states_of_all_connections_are_read_at_once_and_first_ones_replace_none,
            admin::the_figures_of_many_projects_are_those_of_each,
            queue::projects_with_a_call_to_come_are_named_once,
            keeping::each_kind_of_thing_is_removed_by_its_own_age,
            keeping::a_portion_is_no_larger_than_asked_for_and_says_that_there_is_more,
            keeping::a_removed_call_stays_counted_and_comes_again_as_a_new_one,
            keeping::waiting_calls_and_their_bodies_are_never_removed,
            keeping::a_forgotten_person_leaves_sums_and_the_names_of_their_records,
            keeping::nothing_is_forgotten_while_a_call_waits_unless_it_may_be_dropped,
            keeping::calls_nobody_was_written_about_are_forgotten_too,
            keeping::the_latest_acceptance_is_known,
            keeping::an_old_resending_goes_when_it_has_nothing_to_do_and_no_call_is_left,
            keeping::old_resendings_go_a_portion_at_a_time,
            projects::a_project_is_read_back_as_it_was_put,
            projects::nobody_s_change_of_a_project_is_lost,
            projects::a_revision_is_used_once_also_after_a_removal,
            projects::projects_are_listed_by_id_in_pages,
            projects::a_project_goes_with_its_state_and_token_and_leaves_its_calls,
            projects::waiting_calls_of_a_project_that_goes_are_dropped_and_counted,
            projects::a_project_that_comes_again_does_not_go_on_with_its_old_resendings,
            resend::backlog_goes_by_worth_and_within_equal_worth_by_acceptance,
            resend::a_lane_stands_where_its_best_call_belongs_and_keeps_its_order,
            resend::a_missed_call_that_was_answered_later_is_not_urgent,
            resend::a_live_call_takes_a_judged_lane_to_the_front_by_acceptance,
            resend::a_survey_counts_by_worth_and_changes_nothing,
            resend::a_resending_sends_by_worth_whatever_the_calls_were,
            resend::a_resending_takes_only_what_its_selection_says,
            resend::a_large_resending_goes_into_the_queue_a_few_at_a_time,
            resend::a_cancelled_resending_puts_everything_back_where_it_was,
            resend::a_resumed_resending_does_the_rest_once,
            resend::a_resending_cancelled_while_it_chooses_goes_on_choosing,
            resend::a_later_resending_takes_over_and_a_forgotten_call_leaves_the_count_whole,
        }
    };
}

macro_rules! store_claims {
    ($open:expr; $($module:ident :: $claim:ident,)*) => { $(
        #[tokio::test]
        async fn $claim() {
            let (store, _outlives) = $open;
            $crate::store_suite::$module::$claim(&store).await;
        }
    )* };
}

pub(crate) use {store_claims, store_suite};
