from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = "Reviews"

    def ready(self) -> None:
        from house.pages import keep_drafts_by
        from house.transactions import last_step
        from reviews.actions.grounds import follow_changes
        from reviews.views.drafting import drafts_for

        # Registered, since the rooms below, whose transactions and forms these are, must not import this one.
        last_step(follow_changes)
        keep_drafts_by(drafts_for)
