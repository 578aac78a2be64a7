"""What work costs on this machine, measured and fitted: a calibration that virtual time can be run with."""

from collectors.calibrate.kernel import calibrate_kernel
from collectors.calibrate.own_host import Calibrated, calibrate_own_host

__all__ = ["Calibrated", "calibrate_kernel", "calibrate_own_host"]
