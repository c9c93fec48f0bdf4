"""Addresses of the area."""

from django.urls import path

from classrooms.views import batches, home, pools, watch

app_name = "classrooms"
urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("facade/", watch.Facade.as_view(), name="facade"),
    path("water/", watch.Water.as_view(), name="water"),
    path("tallies/", watch.Tallies.as_view(), name="tallies"),
    path("chairs/", watch.Chairs.as_view(), name="chairs"),
    path("pools/", pools.PoolList.as_view(), name="pools"),
    path("pools/new/", pools.PoolNew.as_view(), name="pool-new"),
    path("pools/<int:pk>/", pools.PoolDetail.as_view(), name="pool"),
    path("pools/<int:pk>/edit/", pools.PoolEdit.as_view(), name="pool-edit"),
    path("pools/<int:pool>/batch/", batches.BatchNew.as_view(), name="batch-new"),
    path("pools/<int:pool>/swap/<str:number>/", pools.SwapTicket.as_view(), name="swap"),
    path("batches/", batches.BatchList.as_view(), name="batches"),
    path("batches/<str:number>/", batches.BatchDetail.as_view(), name="batch"),
    path("batches/<str:number>/paper/", batches.BatchPaper.as_view(), name="batch-paper"),
    path("batches/<str:number>/draw/", batches.DrawParts.as_view(), name="batch-draw"),
    path("batches/<str:number>/give-back/", batches.GiveBackParts.as_view(), name="batch-give-back"),
    path("batches/<str:number>/finish/", batches.FinishBatch.as_view(), name="batch-finish"),
    path("batches/<str:number>/void/", batches.VoidBatch.as_view(), name="batch-void"),
]
