/** Plans of a street around the desk: listed, planned, published, compared. */
import '../../style/plan-dialogs.css';
import '../../style/plans.css';
import '../../style/plan-compare.css';

export { CompareView } from './CompareView';
export { PlanningDialog } from './PlanningDialog';
export { PlansPanel } from './PlansPanel';
export { PublishDialog } from './PublishDialog';
export { RollbackDialog } from './RollbackDialog';
