from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = "Reviews"

    def ready(self) -> None:
        from house.transactions import last_step
        from reviews.actions.grounds import follow_changes

        last_step(follow_changes)
